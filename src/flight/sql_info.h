// What GetSqlInfo says about the server. Every id of the protocol has a value, and every
// value is what the server does.
#pragma once

#include "arrow/flight/sql/types.h"
#include "arrow/result.h"
#include "gateway/gateway.h"

namespace pintail::flight {

struct SqlInfoFacts {
  bool advertise_transactions = true;
};

// All values; those of DescribeLanguage are still empty.
arrow::flight::sql::SqlInfoResultMap DescribeServer(
    const gateway::GatewayOptions& options, const SqlInfoFacts& facts);

// The values that are lists of DuckDB's keywords and functions. Asks DuckDB, which takes
// longer than all else at a server's start.
arrow::Result<arrow::flight::sql::SqlInfoResultMap> DescribeLanguage(
    gateway::Gateway& gateway, const gateway::CallPtr& call);

// Whether an id is one of them.
bool IsOfLanguage(int32_t id);

}  // namespace pintail::flight
