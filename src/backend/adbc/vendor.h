// What is known of a vendor's database: its dialect, and what can be asked of it. Pure
// functions and values, callable from any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/source.h"

namespace pintail::backend {

struct Vendor {
  engine::SourceCapabilities capabilities;
  std::string default_schema;
  // Statements that list what there is, with %SCHEMA% for the schema as a text literal.
  // Empty: by AdbcConnectionGetObjects.
  std::string schemas_sql;
  std::string tables_sql;
};

// By the name that the driver's GetInfo gives, or by the driver's own while nothing else
// is known: "PostgreSQL", "postgresql", "Snowflake", …
Vendor VendorOf(std::string_view name);

}  // namespace pintail::backend
