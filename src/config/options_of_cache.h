// The options of the section cache about answers; a part of the table in options.cc.
#pragma once

#include <array>

#include "config/option.h"
#include "config/options_of_ingest.h"

namespace pintail::config {

inline constexpr std::array kAnswerOptions = {
    Option{.key = "cache.enabled",
           .type = OptionType::kSwitch,
           .initial = "true",
           .help = "Whether answers of statements that read sources are kept"},
    Option{.key = "cache.max_bytes",
           .type = OptionType::kBytes,
           .initial = "256MiB",
           .help = "Memory that all kept answers may take together",
           .min = 65'536},
    Option{.key = "cache.max_answer_bytes",
           .type = OptionType::kBytes,
           .initial = "16MiB",
           .help = "Largest answer that is kept",
           .min = 1'024},
    Option{.key = "cache.max_entries",
           .type = OptionType::kInteger,
           .initial = "10000",
           .help = "Answers that are kept at most",
           .min = 1,
           .max = 10'000'000},
    Option{.key = "cache.ttl",
           .type = OptionType::kDuration,
           .initial = "60s",
           .help = "How long an answer is good when nothing that was written through "
                   "Pintail ends it; 0s: none is kept",
           .max = kYear},
    Option{.key = "cache.ttls",
           .type = OptionType::kMap,
           .initial = "none",
           .help = "The same for single sources and tables, as "
                   "pg=5m,pg.public.prices=1s"},
    Option{.key = "cache.stale_while_revalidate",
           .type = OptionType::kDuration,
           .initial = "0s",
           .help = "How long after that an answer is still served while it is made anew "
                   "in the background",
           .max = kYear},
    Option{.key = "cache.eviction",
           .type = OptionType::kChoice,
           .initial = "tiny_lfu",
           .help = "Which answers go when there is no room",
           .choices = "lru|lfu|tiny_lfu"},
    Option{.key = "cache.min_cost",
           .type = OptionType::kDuration,
           .initial = "1ms",
           .help = "Time that a statement has to take for its answer to be kept",
           .max = kYear},
    Option{.key = "cache.time_slack",
           .type = OptionType::kDuration,
           .initial = "0s",
           .help = "How long an answer is good that depends on the current time, as by "
                   "now(); 0s: none is kept",
           .max = kYear},
    Option{.key = "cache.sweep_interval",
           .type = OptionType::kDuration,
           .initial = "1s",
           .help = "How often answers that are no longer good are removed",
           .min = 10,
           .max = kYear},
    Option{.key = "cache.persist",
           .type = OptionType::kSwitch,
           .initial = "false",
           .help = "Whether answers outlive a restart, in a file beside the database"},
};

}  // namespace pintail::config
