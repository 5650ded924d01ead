// What a journal stands on, given by whoever makes it. All of it outlives the journal.
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "journal/files.h"

namespace pintail::journal {

struct Ground {
  Files& files;
  base::Timers& timers;
  const base::Clock& clock;
  base::Log& log;
};

}  // namespace pintail::journal
