// The options of the sections ingest and journal; a part of the table in options.cc.
#pragma once

#include <array>

#include "catalog/stream_bounds.h"
#include "config/option.h"

namespace pintail::config {

inline constexpr int64_t kYear = int64_t{366} * 86'400'000;
inline constexpr int64_t kMany = 1'000'000'000;

inline constexpr std::array kIngestOptions = {
    // ---- ingest
    Option{.key = "ingest.schema_policy",
           .type = OptionType::kChoice,
           .initial = "add_columns",
           .help = "What new columns and types may do to a table",
           .choices = "strict|add_columns|coerce"},
    Option{.key = "ingest.chunk_size",
           .type = OptionType::kInteger,
           .initial = "122880",
           .help = "Rows handed to DuckDB at a time",
           .min = 1,
           .max = catalog::kMaxChunkRows},
    Option{.key = "ingest.commit_rows",
           .type = OptionType::kInteger,
           .help = "Rows after which an appending Flight stream commits what it has",
           .unset = "an upload is one transaction",
           .min = 1,
           .max = catalog::kMaxCommitRows},
    Option{.key = "ingest.commit_interval",
           .type = OptionType::kDuration,
           .help = "Time after which an appending Flight stream commits what it has",
           .unset = "an upload is one transaction",
           .min = 1,
           .max = catalog::kMaxCommitInterval.count()},
    Option{.key = "ingest.lock_timeout",
           .type = OptionType::kDuration,
           .initial = "10s",
           .help = "How long an upload waits for a table that another one has open",
           .min = 1,
           .max = kYear},
    Option{.key = "ingest.tail",
           .type = OptionType::kSwitch,
           .initial = "true",
           .help = "Whether rows are acknowledged before DuckDB has them; queries see "
                   "them all the same"},
    Option{.key = "ingest.tail_size",
           .type = OptionType::kBytes,
           .initial = "256MiB",
           .help = "Rows that wait for their tables, all together; beyond it uploads "
                   "wait until rows have been stored",
           .min = 1,
           .max = int64_t{1} << 50},
    Option{.key = "ingest.tail_commit_size",
           .type = OptionType::kBytes,
           .initial = "48MiB",
           .help = "A commit of more than this goes straight into DuckDB",
           .min = 1,
           .max = int64_t{1} << 50},
    Option{.key = "ingest.tail_age",
           .type = OptionType::kDuration,
           .initial = "1s",
           .help = "How long rows wait for their table at most, when all goes well",
           .min = 1,
           .max = kYear},
    Option{.key = "ingest.durability",
           .type = OptionType::kChoice,
           .initial = "sync",
           .help =
               "What an acknowledgement of rows in the journal stands on: they are on "
               "the disk, will be soon, or some time",
           .choices = "sync|interval|none"},
    Option{.key = "ingest.repeat_window",
           .type = OptionType::kDuration,
           .initial = "24h",
           .help = "How long the key of a put is known, so that a repeat is not applied",
           .min = 1,
           .max = kYear},
    Option{.key = "ingest.repeat_keys",
           .type = OptionType::kInteger,
           .initial = "1000000",
           .help = "Keys of puts that are known at the same time; beyond it the oldest "
                   "are forgotten",
           .min = 1,
           .max = kMany},
    Option{.key = "ingest.max_running",
           .type = OptionType::kInteger,
           .initial = "256",
           .help = "Uploads that run at the same time; more are refused",
           .min = 1,
           .max = 100'000},
    Option{.key = "ingest.max_streams",
           .type = OptionType::kInteger,
           .initial = "10000",
           .help = "Streams that are remembered in pintail.streams",
           .min = 1,
           .max = kMany},

    // ---- journal
    Option{.key = "journal.path",
           .type = OptionType::kText,
           .help = "Folder of the log of rows that DuckDB does not have yet",
           .unset = "beside the database, with .journal at the end"},
    Option{.key = "journal.segment_size",
           .type = OptionType::kBytes,
           .initial = "64MiB",
           .help = "Size of the files of the journal",
           .min = int64_t{1} << 20,
           .max = int64_t{1} << 40},
    Option{.key = "journal.max_size",
           .type = OptionType::kBytes,
           .initial = "4GiB",
           .help = "Size of the whole journal; beyond it uploads wait",
           .min = int64_t{1} << 20,
           .max = int64_t{1} << 50},
    Option{.key = "journal.sync_interval",
           .type = OptionType::kDuration,
           .initial = "1s",
           .help = "How soon rows of the durability `interval` are on the disk",
           .min = 1,
           .max = kYear},
};

}  // namespace pintail::config
