#include "columnar/array_check.h"

#include <algorithm>
#include <string>

#include "arrow/extension_type.h"
#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "columnar/array_layout.h"
#include "columnar/opaque_check.h"
#include "columnar/schema_size.h"
#include "columnar/value_check.h"

namespace pintail::columnar {
namespace {

using arrow::Type;

bool IsText(Type::type id) { return arrow::is_base_binary_like(id); }

// The longest value of a checked utf8 or binary array.
template <typename Offset>
int64_t LongestOf(const arrow::ArrayData& data) {
  const uint8_t* offsets = ValuesOf(data, 1, sizeof(Offset));
  int64_t longest = 0;
  for (int64_t i = 0; i < data.length; ++i) {
    longest = std::max<int64_t>(
        longest, ValueAt<Offset>(offsets, i + 1) - ValueAt<Offset>(offsets, i));
  }
  return longest;
}

// Upper bound of the bytes of one value of a checked array that takes `bytes` in all.
int64_t LargestValue(const arrow::ArrayData& data, const arrow::DataType& type,
                     int64_t bytes) {
  if (data.length == 0) return 0;
  if (IsText(type.id())) {
    return arrow::is_binary_like(type.id()) ? LongestOf<int32_t>(data)
                                            : LongestOf<int64_t>(data);
  }
  if (type.id() == Type::NA) return 8;
  if (arrow::is_fixed_width(type.id()) && type.id() != Type::DICTIONARY) {
    return std::max(1, type.byte_width());
  }
  return bytes;
}

// Checks that every list view stays within its child; returns the elements they show.
template <typename Offset>
arrow::Result<int64_t> CountViewedElements(const arrow::ArrayData& data, int64_t limit) {
  const uint8_t* offsets = ValuesOf(data, 1, sizeof(Offset));
  const uint8_t* sizes = ValuesOf(data, 2, sizeof(Offset));
  int64_t elements = 0;
  for (int64_t i = 0; i < data.length; ++i) {
    const int64_t offset = ValueAt<Offset>(offsets, i);
    const int64_t size = ValueAt<Offset>(sizes, i);
    if (offset < 0 || size < 0 || offset > limit || size > limit - offset) {
      return Lie("list ", i, " shows ", size, " elements at offset ", offset, " of ",
                 limit);
    }
    elements += size;
  }
  return elements;
}

template <typename End>
arrow::Status CheckRunEndsRise(const arrow::ArrayData& ends, int64_t rows) {
  const uint8_t* values = ValuesOf(ends, 1, sizeof(End));
  int64_t before = 0;
  for (int64_t i = 0; i < ends.length; ++i) {
    const int64_t end = ValueAt<End>(values, i);
    if (end <= before) {
      return Lie("run end ", i, " is ", end, ", not above ", before, " before it");
    }
    before = end;
  }
  if (before < rows) {
    return Lie("the last run ends at ", before, ", but there are ", rows, " rows");
  }
  return arrow::Status::OK();
}

}  // namespace

void ArrayCheck::BeginBatch() {
  bytes_ = 0;
  std::erase_if(dictionaries_, [](auto& known) { return !known.used_in_this_batch; });
  for (KnownDictionary& known : dictionaries_) known.used_in_this_batch = false;
}

arrow::Status ArrayCheck::Check(const arrow::ArrayData& data, const arrow::Field& field) {
  return CheckField(data, field, /*depth=*/1);
}

// A field may name its extension in its metadata, without an extension type.
arrow::Status ArrayCheck::CheckField(const arrow::ArrayData& data,
                                     const arrow::Field& field, int depth) {
  ARROW_RETURN_NOT_OK(CheckArray(data, *field.type(), depth));
  if (!field.HasMetadata()) return arrow::Status::OK();
  const auto name = field.metadata()->Get(std::string(kExtensionName));
  if (!name.ok()) return arrow::Status::OK();
  const auto metadata = field.metadata()->Get(std::string(kExtensionMetadata));
  return CheckOpaque(*name, metadata.ok() ? *metadata : "", data,
                     StorageOf(*field.type()));
}

arrow::Status ArrayCheck::Charge(int64_t bytes) {
  bytes_ = bytes > limits_.max_batch_bytes - bytes_ ? limits_.max_batch_bytes + 1
                                                    : bytes_ + bytes;
  if (bytes_ <= limits_.max_batch_bytes) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kResourceExhausted,
                         "the batch holds more than ", limits_.max_batch_bytes,
                         " bytes; send smaller batches");
}

arrow::Status ArrayCheck::CheckArray(const arrow::ArrayData& data,
                                     const arrow::DataType& type, int depth) {
  ARROW_RETURN_NOT_OK(CheckNesting(depth, limits_));
  int64_t bytes = 0;
  ARROW_RETURN_NOT_OK(CheckLayout(data, type, &bytes));
  ARROW_RETURN_NOT_OK(Charge(bytes));
  ARROW_RETURN_NOT_OK(CheckContents(data, StorageOf(type), depth));
  if (type.id() != Type::EXTENSION) return arrow::Status::OK();
  const auto& extension = static_cast<const arrow::ExtensionType&>(type);
  return CheckOpaque(extension.extension_name(), extension.Serialize(), data,
                     StorageOf(type));
}

arrow::Status ArrayCheck::CheckContents(const arrow::ArrayData& data,
                                        const arrow::DataType& type, int depth) {
  switch (type.id()) {
    case Type::STRING:
    case Type::BINARY:
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY: {
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes, CheckStrings(data, type));
      return Charge(bytes);
    }
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW: {
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes, CheckViews(data, type));
      return Charge(bytes);
    }
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::MAP:
      return CheckList(data, type, depth);
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
      return CheckListView(data, type, depth);
    case Type::FIXED_SIZE_LIST:
      return CheckFixedSizeList(data, type, depth);
    case Type::STRUCT:
      return CheckStruct(data, type, depth);
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION:
      return CheckUnion(data, type, depth);
    case Type::RUN_END_ENCODED:
      return CheckRunEndEncoded(data, type, depth);
    case Type::DICTIONARY:
      return CheckDictionary(data, type, depth);
    default:
      return CheckRanges(data, type);
  }
}

arrow::Status ArrayCheck::CheckChild(const arrow::ArrayData& data,
                                     const arrow::DataType& type, int child, int depth) {
  const arrow::Field& field = *type.field(child);
  const arrow::Status status =
      CheckField(*data.child_data[static_cast<size_t>(child)], field, depth + 1);
  if (status.ok()) return status;
  return base::WithContext(status, "in '" + field.name() + "'");
}

arrow::Status ArrayCheck::CheckList(const arrow::ArrayData& data,
                                    const arrow::DataType& type, int depth) {
  ARROW_RETURN_NOT_OK(CheckChild(data, type, 0, depth));
  const arrow::ArrayData& child = *data.child_data[0];
  const int width = type.id() == Type::LARGE_LIST ? 8 : 4;
  ARROW_RETURN_NOT_OK(CheckOffsets(data, width, child.length).status());
  if (type.id() != Type::MAP) return arrow::Status::OK();
  if (child.GetNullCount() != 0) return Lie("an entry of a map is null");
  if (child.child_data.size() != 2) return Lie("a map's entries need a key and a value");
  if (child.child_data[0]->GetNullCount() != 0) return Lie("a key of a map is null");
  return arrow::Status::OK();
}

arrow::Status ArrayCheck::CheckListView(const arrow::ArrayData& data,
                                        const arrow::DataType& type, int depth) {
  const int64_t before = bytes_;
  ARROW_RETURN_NOT_OK(CheckChild(data, type, 0, depth));
  const int64_t child_bytes = bytes_ - before;
  if (data.length == 0) return arrow::Status::OK();
  const arrow::ArrayData& child = *data.child_data[0];
  ARROW_ASSIGN_OR_RAISE(const int64_t elements,
                        type.id() == Type::LIST_VIEW
                            ? CountViewedElements<int32_t>(data, child.length)
                            : CountViewedElements<int64_t>(data, child.length));
  // Views may show the same elements again and again.
  if (elements <= child.length) return arrow::Status::OK();
  return ChargeRepeated(
      LargestValue(child, StorageOf(*type.field(0)->type()), child_bytes), elements);
}

arrow::Status ArrayCheck::CheckFixedSizeList(const arrow::ArrayData& data,
                                             const arrow::DataType& type, int depth) {
  ARROW_RETURN_NOT_OK(CheckChild(data, type, 0, depth));
  const int64_t size = static_cast<const arrow::FixedSizeListType&>(type).list_size();
  const int64_t length = data.child_data[0]->length;
  const int64_t rows = data.offset + data.length;
  if (size < 0 || (size > 0 && rows > length / size)) {
    return Lie(rows, " lists of ", size, " elements need more than the ", length,
               " that are there");
  }
  return arrow::Status::OK();
}

arrow::Status ArrayCheck::CheckStruct(const arrow::ArrayData& data,
                                      const arrow::DataType& type, int depth) {
  for (int i = 0; i < type.num_fields(); ++i) {
    ARROW_RETURN_NOT_OK(CheckChild(data, type, i, depth));
    const int64_t length = data.child_data[static_cast<size_t>(i)]->length;
    if (length < data.offset + data.length) {
      return Lie("'", type.field(i)->name(), "' has ", length, " values, but there are ",
                 data.offset + data.length, " rows");
    }
  }
  return arrow::Status::OK();
}

arrow::Status ArrayCheck::CheckUnion(const arrow::ArrayData& data,
                                     const arrow::DataType& type, int depth) {
  const auto& union_type = static_cast<const arrow::UnionType&>(type);
  const bool dense = type.id() == Type::DENSE_UNION;
  for (int i = 0; i < type.num_fields(); ++i) {
    ARROW_RETURN_NOT_OK(CheckChild(data, type, i, depth));
    const int64_t length = data.child_data[static_cast<size_t>(i)]->length;
    if (!dense && length < data.offset + data.length) {
      return Lie("'", type.field(i)->name(), "' has ", length, " values, but there are ",
                 data.offset + data.length, " rows");
    }
  }
  if (data.length == 0) return arrow::Status::OK();
  const uint8_t* ids = ValuesOf(data, 1, 1);
  const uint8_t* offsets = dense ? ValuesOf(data, 2, sizeof(int32_t)) : nullptr;
  std::vector<int32_t> next(static_cast<size_t>(type.num_fields()), 0);
  for (int64_t i = 0; i < data.length; ++i) {
    const int id = ValueAt<int8_t>(ids, i);
    const int child = id < 0 ? arrow::UnionType::kInvalidChildId
                             : union_type.child_ids()[static_cast<size_t>(id)];
    if (child == arrow::UnionType::kInvalidChildId) {
      return Lie("value ", i, " has the type id ", id, ", which the union has not");
    }
    if (!dense) continue;
    const int32_t offset = ValueAt<int32_t>(offsets, i);
    const auto slot = static_cast<size_t>(child);
    if (offset < next[slot] || offset >= data.child_data[slot]->length) {
      return Lie("value ", i, " has offset ", offset, " into '",
                 type.field(child)->name(), "' of ", data.child_data[slot]->length,
                 " values, after ", next[slot]);
    }
    next[slot] = offset;
  }
  return arrow::Status::OK();
}

arrow::Status ArrayCheck::CheckRunEndEncoded(const arrow::ArrayData& data,
                                             const arrow::DataType& type, int depth) {
  const auto& ree = static_cast<const arrow::RunEndEncodedType&>(type);
  ARROW_RETURN_NOT_OK(CheckChild(data, type, 0, depth));
  const int64_t before = bytes_;
  ARROW_RETURN_NOT_OK(CheckChild(data, type, 1, depth));
  const int64_t values_bytes = bytes_ - before;
  const arrow::ArrayData& ends = *data.child_data[0];
  const arrow::ArrayData& values = *data.child_data[1];
  if (ends.GetNullCount() != 0) return Lie("a run end is null");
  if (values.length < ends.length) {
    return Lie(ends.length, " runs, but only ", values.length, " values");
  }
  const int64_t rows = data.offset + data.length;
  if (ends.length == 0) {
    return rows == 0 ? arrow::Status::OK() : Lie(rows, " rows, but no runs");
  }
  switch (ree.run_end_type()->id()) {
    case Type::INT16:
      ARROW_RETURN_NOT_OK(CheckRunEndsRise<int16_t>(ends, rows));
      break;
    case Type::INT32:
      ARROW_RETURN_NOT_OK(CheckRunEndsRise<int32_t>(ends, rows));
      break;
    case Type::INT64:
      ARROW_RETURN_NOT_OK(CheckRunEndsRise<int64_t>(ends, rows));
      break;
    default:
      return Lie("run ends of type ", ree.run_end_type()->ToString());
  }
  return ChargeRepeated(LargestValue(values, StorageOf(*ree.value_type()), values_bytes),
                        data.length);
}

arrow::Result<int64_t> ArrayCheck::CheckDictionaryValues(
    const std::shared_ptr<arrow::ArrayData>& data, const arrow::DataType& type,
    int depth) {
  for (KnownDictionary& known : dictionaries_) {
    if (known.data != data || !data->type->Equals(type)) continue;
    known.used_in_this_batch = true;
    ARROW_RETURN_NOT_OK(Charge(known.bytes));
    return known.largest;
  }
  const int64_t before = bytes_;
  const arrow::Status status = CheckArray(*data, type, depth + 1);
  if (!status.ok()) return base::WithContext(status, "in the dictionary");
  const int64_t bytes = bytes_ - before;
  const int64_t largest = LargestValue(*data, StorageOf(type), bytes);
  dictionaries_.push_back({data, bytes, largest, /*used_in_this_batch=*/true});
  return largest;
}

arrow::Status ArrayCheck::CheckDictionary(const arrow::ArrayData& data,
                                          const arrow::DataType& type, int depth) {
  const auto& dictionary_type = static_cast<const arrow::DictionaryType&>(type);
  const arrow::DataType& index_type = *dictionary_type.index_type();
  const arrow::DataType& value_type = *dictionary_type.value_type();
  ARROW_ASSIGN_OR_RAISE(const int64_t largest,
                        CheckDictionaryValues(data.dictionary, value_type, depth));
  ARROW_RETURN_NOT_OK(CheckIndexes(data, index_type, data.dictionary->length));
  const arrow::Status status = ChargeRepeated(largest, data.length);
  if (status.ok() || !IsText(StorageOf(value_type).id())) return status;
  // One long value need not mean that all rows have it.
  return Charge(CountIndexedBytes(data, index_type, StorageOf(value_type)));
}

// What `times` values of at most `largest` bytes may amount to.
arrow::Status ArrayCheck::ChargeRepeated(int64_t largest, int64_t times) {
  if (largest == 0 || times == 0) return arrow::Status::OK();
  if (largest > (limits_.max_batch_bytes - bytes_) / times) {
    return base::MakeError(
        base::ErrorKind::kResourceExhausted, times, " values that repeat one of ",
        largest, " bytes could grow past the limit of ", limits_.max_batch_bytes,
        " bytes for a batch; send smaller batches, or the values "
        "without dictionary or run encoding");
  }
  return Charge(largest * times);
}

}  // namespace pintail::columnar
