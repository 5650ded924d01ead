// What GetSqlInfo says about the server. Every id of the protocol has a value, and every
// value is what the server does.
#pragma once

#include "arrow/flight/sql/types.h"
#include "arrow/result.h"
#include "gateway/gateway.h"

namespace pintail::flight {

struct SqlInfoFacts {
  bool advertise_transactions = true;
  int64_t max_calls = 0;  // 0: no bound known
};

// Asks DuckDB for its keywords and functions; called once per door, at its start.
arrow::Result<arrow::flight::sql::SqlInfoResultMap> DescribeServer(
    gateway::Gateway& gateway, const gateway::CallPtr& call);

// The values that differ between listeners, put over the server's.
arrow::flight::sql::SqlInfoResultMap WithFacts(
    arrow::flight::sql::SqlInfoResultMap values, const SqlInfoFacts& facts);

}  // namespace pintail::flight
