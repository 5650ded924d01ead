// What a source has: schemas, tables, columns. Functions over a connection in use, by SQL
// where the vendor's is known, else by the calls that ADBC has for it. One thread at a
// time for a channel.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/type.h"
#include "backend/adbc/channel.h"
#include "engine/source.h"

namespace pintail::backend {

arrow::Result<std::vector<std::string>> ListSchemas(
    const std::shared_ptr<Channel>& channel);
arrow::Result<std::vector<std::string>> ListTables(
    const std::shared_ptr<Channel>& channel, const std::string& schema);
// As a scan of all columns gives them. NotFound when there is no such table.
arrow::Result<std::shared_ptr<arrow::Schema>> DescribeTable(
    const std::shared_ptr<Channel>& channel, const engine::SourceTableName& table);
// The same as the driver has it, with its own types and metadata.
arrow::Result<std::shared_ptr<arrow::Schema>> DescribeForDriver(
    const std::shared_ptr<Channel>& channel, const engine::SourceTableName& table);

// The one whole number that a query returns.
arrow::Result<int64_t> CountOf(const std::shared_ptr<Channel>& channel,
                               const std::string& sql);

}  // namespace pintail::backend
