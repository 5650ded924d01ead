#include "backend/make_source.h"

#include "backend/adbc/adbc_source.h"
#include "backend/redis/redis_source.h"
#include "base/error.h"

namespace pintail::backend {

arrow::Result<std::shared_ptr<BackendSource>> MakeSource(const SourceOptions& options,
                                                         const SourceRooms& rooms) {
  if (options.type == "adbc") return MakeAdbcSource(options, rooms);
  if (options.type == "redis") return MakeRedisSource(options, rooms);
  return base::MakeError(base::ErrorKind::kInvalidArgument, "source '", options.name,
                         "': there is no type '", options.type,
                         "'; the types without a DuckDB extension are: adbc, redis");
}

}  // namespace pintail::backend
