#include "gateway/cache_keys.h"

#include "arrow/buffer.h"
#include "arrow/ipc/options.h"
#include "arrow/ipc/writer.h"
#include "arrow/type.h"

namespace pintail::gateway {
namespace {

// More are no question that will be asked again.
constexpr int64_t kMaxParameterBytes = 16 * 1024;

void Add(std::string& key, std::string_view part) {
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

// A message with a batch does not hold its dictionaries.
bool HasDictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return true;
  for (const auto& field : type.fields()) {
    if (HasDictionary(*field->type())) return true;
  }
  return false;
}

bool AddParameters(std::string& key, const arrow::RecordBatch& parameters) {
  for (const auto& field : parameters.schema()->fields()) {
    if (HasDictionary(*field->type())) return false;
    Add(key, field->name());
    Add(key, field->type()->ToString());
  }
  const auto bytes = arrow::ipc::SerializeRecordBatch(
      parameters, arrow::ipc::IpcWriteOptions::Defaults());
  if (!bytes.ok() || (*bytes)->size() > kMaxParameterBytes) return false;
  Add(key, std::string_view(**bytes));
  return true;
}

std::optional<std::string> Key(char kind, const KeyParts& parts) {
  std::string key;
  key.reserve(parts.text.size() + parts.scope.size() + parts.identity.size() + 32);
  key += kind;
  Add(key, parts.identity);
  Add(key, parts.scope);
  Add(key, parts.text);
  if (parts.parameters != nullptr && !AddParameters(key, *parts.parameters)) {
    return std::nullopt;
  }
  return key;
}

}  // namespace

std::optional<std::string> ExactKey(const KeyParts& parts) { return Key('E', parts); }

std::optional<std::string> BoundKey(const KeyParts& parts, const arrow::Schema& schema) {
  auto key = Key('B', parts);
  if (key) Add(*key, schema.ToString(/*show_metadata=*/true));
  return key;
}

}  // namespace pintail::gateway
