// Whose fault it is that rows could not be sent to a source. Pure; any thread.
#pragma once

#include "arrow/status.h"

namespace pintail::ingest {

enum class Fault : uint8_t {
  kSource,   // it is away, or its table is not as it should be: every row would fail
  kRow,      // a row of the shipment, which will not be taken however often it is sent
  kUnclear,  // the source has answered, and the answer may be about a row
};

Fault FaultOf(const arrow::Status& failure);

}  // namespace pintail::ingest
