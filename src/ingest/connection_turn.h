// The use of a connection that others use too.
#pragma once

#include "arrow/status.h"

namespace pintail::ingest {

// Inside a transaction of the caller its other statements run on the same connection, so
// an ingest gives it back whenever it waits for its producer. Used by the ingest's
// thread.
class ConnectionTurn {
 public:
  virtual ~ConnectionTurn() = default;

  // Waits while others use the connection; an error when there is none any more, or the
  // call is over.
  virtual arrow::Status Take() = 0;
  // Others may use it until the next Take. No effect when given back already.
  virtual void GiveBack() = 0;
};

}  // namespace pintail::ingest
