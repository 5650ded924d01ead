#include "columnar/ipc_metadata_check.h"

#include <optional>
#include <string_view>

#include "columnar/array_layout.h"
#include "columnar/flatbuffer.h"
#include "columnar/schema_size.h"

namespace pintail::columnar {
namespace {

// Field ids of Message.fbs, File.fbs and Schema.fbs.
constexpr int kMessageHeaderType = 1;
constexpr int kMessageHeader = 2;
constexpr int kMessagePairs = 4;
constexpr int kFooterSchema = 1;
constexpr int kFooterDictionaries = 2;
constexpr int kFooterBatches = 3;
constexpr int kFooterPairs = 4;
constexpr int kSchemaFields = 1;
constexpr int kSchemaPairs = 2;
constexpr int kFieldName = 0;
constexpr int kFieldTypeType = 2;
constexpr int kFieldType = 3;
constexpr int kFieldChildren = 5;
constexpr int kFieldPairs = 6;
constexpr int kTimestampZone = 1;
constexpr int kPairKey = 0;
constexpr int kPairValue = 1;

// A Block: the offset in 8 bytes, the metadata's size in 4, padding, the body's size
// in 8.
constexpr uint64_t kBlockBytes = 24;

// Of the unions MessageHeader and Type.
constexpr uint8_t kSchemaHeader = 1;
constexpr uint8_t kTimestampType = 10;

// What a key-value pair takes in a flatbuffer at the least, beside its texts.
constexpr int64_t kPairBytes = 16;
// Writers may share a few texts; nobody needs to share more than this.
constexpr int64_t kSharedBytes = int64_t{1} << 20;

arrow::Status Damaged() {
  return Lie("the Arrow IPC metadata is damaged: it leads outside itself");
}

// A walk over the metadata of one message or file, which ends at the first thing that is
// too much or damaged.
class MetadataWalk {
 public:
  MetadataWalk(std::span<const uint8_t> metadata, const Limits& limits)
      : limits_(limits),
        buffer_(metadata),
        size_(static_cast<int64_t>(metadata.size())),
        left_(size_ + kSharedBytes) {}

  FlatTable Root() { return buffer_.Root(); }

  arrow::Status CheckSchema(const std::optional<FlatTable>& schema) {
    if (!schema) return Done();
    const FlatTables columns = schema->Tables(kSchemaFields);
    ARROW_RETURN_NOT_OK(CheckColumnCount(columns.size(), limits_));
    ARROW_RETURN_NOT_OK(CheckFields(columns, /*depth=*/1));
    return CheckPairs(schema->Tables(kSchemaPairs));
  }

  arrow::Status CheckPairs(const FlatTables& pairs) {
    ARROW_RETURN_NOT_OK(Charge(pairs.size() * kPairBytes));
    for (int64_t i = 0; i < pairs.size(); ++i) {
      const FlatTable pair = pairs.At(i);
      ARROW_RETURN_NOT_OK(Charge(pair.String(kPairKey)));
      ARROW_RETURN_NOT_OK(Charge(pair.String(kPairValue)));
    }
    return Done();
  }

  arrow::Status Done() const {
    return buffer_.damaged() ? Damaged() : arrow::Status::OK();
  }

 private:
  arrow::Status CheckFields(const FlatTables& fields, int64_t depth) {
    if (fields.size() == 0) return Done();
    ARROW_RETURN_NOT_OK(CheckNesting(depth, limits_));
    // All at once, before any of them is looked at.
    fields_ += fields.size();
    ARROW_RETURN_NOT_OK(CheckFieldCount(fields_, limits_));
    for (int64_t i = 0; i < fields.size(); ++i) {
      ARROW_RETURN_NOT_OK(CheckField(fields.At(i), depth));
    }
    return Done();
  }

  arrow::Status CheckField(const FlatTable& field, int64_t depth) {
    ARROW_RETURN_NOT_OK(Charge(field.String(kFieldName)));
    ARROW_RETURN_NOT_OK(CheckPairs(field.Tables(kFieldPairs)));
    if (field.Byte(kFieldTypeType) == kTimestampType) {
      const auto type = field.Table(kFieldType);
      if (type) ARROW_RETURN_NOT_OK(Charge(type->String(kTimestampZone)));
    }
    return CheckFields(field.Tables(kFieldChildren), depth + 1);
  }

  arrow::Status Charge(std::string_view text) {
    return Charge(static_cast<int64_t>(text.size()));
  }
  arrow::Status Charge(int64_t bytes) {
    left_ -= bytes;
    if (left_ >= 0) return arrow::Status::OK();
    return Lie(
        "the names and key-value pairs of the Arrow IPC metadata amount to more than "
        "the ",
        size_, " bytes that it has, since parts are used many times over");
  }

  const Limits& limits_;
  FlatBuffer buffer_;
  const int64_t size_;
  int64_t left_;  // bytes of texts that may still come
  int64_t fields_ = 0;
};

}  // namespace

arrow::Status CheckIpcMessage(std::span<const uint8_t> message, const Limits& limits) {
  MetadataWalk walk(message, limits);
  const FlatTable root = walk.Root();
  ARROW_RETURN_NOT_OK(walk.CheckPairs(root.Tables(kMessagePairs)));
  if (root.Byte(kMessageHeaderType) != kSchemaHeader) return walk.Done();
  return walk.CheckSchema(root.Table(kMessageHeader));
}

arrow::Status CheckIpcFooter(std::span<const uint8_t> footer, const Limits& limits) {
  MetadataWalk walk(footer, limits);
  const FlatTable root = walk.Root();
  ARROW_RETURN_NOT_OK(walk.CheckPairs(root.Tables(kFooterPairs)));
  return walk.CheckSchema(root.Table(kFooterSchema));
}

arrow::Result<std::vector<IpcBlock>> IpcBlocks(std::span<const uint8_t> footer) {
  std::vector<IpcBlock> blocks;
  FlatBuffer buffer(footer);
  const FlatTable root = buffer.Root();
  for (const int id : {kFooterDictionaries, kFooterBatches}) {
    auto bytes = root.Structs(id, kBlockBytes);
    for (; !bytes.empty(); bytes = bytes.subspan(kBlockBytes)) {
      blocks.push_back({.offset = ValueAt<int64_t>(bytes.data(), 0),
                        .metadata_bytes = ValueAt<int32_t>(bytes.data(), 2)});
    }
  }
  if (buffer.damaged()) return Damaged();
  return blocks;
}

}  // namespace pintail::columnar
