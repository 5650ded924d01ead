#include "backend/adbc/uuid_text.h"

#include <string>

#include "arrow/array/builder_binary.h"
#include "arrow/extension_type.h"

namespace pintail::backend {

bool IsUuid(const arrow::DataType& type) {
  return type.id() == arrow::Type::EXTENSION &&
         static_cast<const arrow::ExtensionType&>(type).extension_name() == "arrow.uuid";
}

arrow::Result<std::shared_ptr<arrow::Array>> UuidText(const arrow::Array& array) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto& bytes = static_cast<const arrow::FixedSizeBinaryArray&>(
      *static_cast<const arrow::ExtensionArray&>(array).storage());
  arrow::StringBuilder builder;
  std::string text;
  for (int64_t row = 0; row < bytes.length(); ++row) {
    if (bytes.IsNull(row)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    text.clear();
    const std::string_view value = bytes.GetView(row);
    for (size_t i = 0; i < value.size(); ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
      const auto byte = static_cast<unsigned char>(value[i]);
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
    ARROW_RETURN_NOT_OK(builder.Append(text));
  }
  return builder.Finish();
}

}  // namespace pintail::backend
