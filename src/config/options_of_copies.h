// The keys of a [[cache.tables]] table.
#pragma once

#include <array>

#include "config/option.h"
#include "config/options_of_ingest.h"

namespace pintail::config {

inline constexpr std::array kCopyOptions = {
    Option{.key = "name", .help = "The copy's name, and its table's in `pintail_copies`"},
    Option{.key = "source",
           .help = "The table it is a copy of, as source.schema.table; names with other "
                   "characters in double quotes"},
    Option{.key = "columns",
           .type = OptionType::kList,
           .help = "The columns to copy",
           .unset = "all"},
    Option{.key = "filter",
           .help = "A condition in SQL for the rows to copy",
           .unset = "all rows"},
    Option{.key = "refresh",
           .type = OptionType::kChoice,
           .help = "All rows anew, rows above the highest `append_column`, or all rows "
                   "when a statement asks for them",
           .unset = "`full`",
           .choices = "full|append|on_demand"},
    Option{.key = "append_column",
           .help = "Column that grows with each new row, for `append`",
           .unset = "none"},
    Option{.key = "time_column",
           .help = "Column that `data_window` and `retention` are about",
           .unset = "none"},
    Option{.key = "interval",
           .type = OptionType::kDuration,
           .help = "How often it is refreshed",
           .unset = "not by time",
           .min = 100,
           .max = kYear},
    Option{.key = "cron",
           .help = "When it is refreshed: minute, hour, day, month, weekday; in UTC",
           .unset = "not by time"},
    Option{.key = "data_window",
           .type = OptionType::kDuration,
           .help = "Only rows that are not older are fetched",
           .unset = "all",
           .min = 1,
           .max = 100 * kYear},
    Option{.key = "retention",
           .type = OptionType::kDuration,
           .help = "Older rows are dropped from the copy",
           .unset = "all are kept",
           .min = 1,
           .max = 100 * kYear},
    Option{.key = "max_staleness",
           .type = OptionType::kDuration,
           .help = "An older copy is not read in place of the source's table",
           .unset = "whatever its age",
           .min = 1,
           .max = kYear},
};

// The section cache, as far as copies go.
inline constexpr std::array kCacheOptions = {
    Option{.key = "cache.copies_max_bytes",
           .type = OptionType::kBytes,
           .help = "Size of all table copies; beyond it those made on demand that were "
                   "not used for longest are dropped",
           .unset = "without bound",
           .min = 1},
    Option{.key = "cache.copies_running",
           .type = OptionType::kInteger,
           .initial = "2",
           .help = "Table copies that are refreshed at the same time",
           .min = 1,
           .max = 64},
};

}  // namespace pintail::config
