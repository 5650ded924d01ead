#include "flight/commands/commands.h"
#include "flight/metadata_query.h"
#include "flight/result_stream.h"

namespace pintail::flight::commands {

StreamResult GetCatalogs(Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto rows,
                        QueryMetadata(call,
                                      "SELECT DISTINCT catalog_name::VARCHAR "
                                      "FROM information_schema.schemata ORDER BY 1",
                                      {}, sql::SqlSchema::GetCatalogsSchema()));
  return StreamOf(std::move(rows));
}

}  // namespace pintail::flight::commands
