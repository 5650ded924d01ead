// Columns of the views of this room, each made of a list of figures. Pure.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/array/builder_time.h"
#include "arrow/result.h"
#include "base/clock.h"
#include "engine/names.h"

namespace pintail::ingest {

using Column = arrow::Result<std::shared_ptr<arrow::Array>>;

inline std::shared_ptr<arrow::DataType> InstantType() {
  return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
}

// "source.schema.table"
inline std::string Dotted(const engine::TableName& name) {
  std::string text = name.catalog;
  for (const std::string& part : {name.schema, name.table}) {
    if (!text.empty() && !part.empty()) text += ".";
    text += part;
  }
  return text;
}

// NULL for an empty text. `of` gives a figure's std::string.
Column Texts(const auto& all, const auto& of) {
  arrow::StringBuilder builder;
  for (const auto& each : all) {
    const std::string text = of(each);
    ARROW_RETURN_NOT_OK(text.empty() ? builder.AppendNull() : builder.Append(text));
  }
  return builder.Finish();
}

// `of` gives an int64_t.
Column Numbers(const auto& all, const auto& of) {
  arrow::Int64Builder builder;
  for (const auto& each : all) ARROW_RETURN_NOT_OK(builder.Append(of(each)));
  return builder.Finish();
}

// `of` gives a std::optional<base::Clock::Wall>.
Column Instants(const auto& all, const auto& of) {
  arrow::TimestampBuilder builder(InstantType(), arrow::default_memory_pool());
  for (const auto& each : all) {
    const std::optional<base::Clock::Wall> instant = of(each);
    if (!instant) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    const auto since = instant->time_since_epoch();
    ARROW_RETURN_NOT_OK(
        builder.Append(std::chrono::floor<std::chrono::microseconds>(since).count()));
  }
  return builder.Finish();
}

}  // namespace pintail::ingest
