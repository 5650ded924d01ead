// The table in a source that the rows of one table are sent to, and how far they are
// there: `pintail_positions` beside it. One thread at a time.
#pragma once

#include <set>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "ingest/source_link.h"
#include "ingest/write_through.h"

namespace pintail::ingest {

class SourceTable {
 public:
  // `stream` and `journal` name the row of positions. `link` outlives this object.
  SourceTable(SourceLink& link, engine::TableName target, std::string stream,
              std::string journal);

  // How far the source is; makes the place for that when it is missing.
  arrow::Result<Place> Read();

  // Whether the source would take the rows: inserts them, and takes that back.
  arrow::Status Try(const arrow::RecordBatchVector& rows);

  // Appends the rows (of any schemas) and moves the place, in one transaction of the
  // source. False, and nothing is changed, when the source is not at `from`. Makes the
  // table, and columns that it lacks, before. After an error nobody knows whether it
  // happened: drop the link and Read.
  arrow::Result<bool> Ship(const Place& from, const Place& to,
                           const arrow::RecordBatchVector& rows);

 private:
  // A connection on which the table is there with the columns of all the rows.
  arrow::Result<engine::Connection*> ConnectFor(const arrow::RecordBatchVector& rows);
  // True when columns were added, which a new connection sees.
  arrow::Result<bool> MakeFit(engine::Connection& connection, const arrow::Schema& rows);
  arrow::Status AddColumns(engine::Connection& connection,
                           const arrow::FieldVector& columns);
  arrow::Result<bool> MovePlace(engine::Connection& connection, const Place& from,
                                const Place& to);
  arrow::Result<bool> ShipIn(engine::Connection& connection, const Place& from,
                             const Place& to, const arrow::RecordBatchVector& rows);

  SourceLink& link_;
  const engine::TableName target_;
  const engine::TableName positions_;
  const std::string stream_;
  const std::string journal_;
  // What the table is known to have, in lower case; empty: not known.
  std::set<std::string> columns_;
};

}  // namespace pintail::ingest
