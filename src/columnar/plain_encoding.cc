#include "columnar/plain_encoding.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "arrow/array.h"
#include "arrow/buffer_builder.h"
#include "arrow/compute/api_vector.h"
#include "arrow/datum.h"
#include "arrow/extension_type.h"
#include "arrow/util/bitmap_ops.h"
#include "columnar/array_layout.h"

namespace pintail::columnar {
namespace {

using arrow::ArrayData;
using arrow::Type;
using ArrayDataPtr = std::shared_ptr<ArrayData>;
using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsListView(Type::type id) {
  return id == Type::LIST_VIEW || id == Type::LARGE_LIST_VIEW;
}

TypePtr PlainType(const TypePtr& type);

// The type with other children, or the same pointer when no child changes.
TypePtr WithPlainChildren(const TypePtr& type) {
  arrow::FieldVector fields = type->fields();
  bool changed = false;
  for (auto& field : fields) {
    TypePtr plain = PlainType(field->type());
    if (plain == field->type()) continue;
    field = field->WithType(std::move(plain));
    changed = true;
  }
  if (!changed) return type;
  switch (type->id()) {
    case Type::LIST:
      return arrow::list(fields[0]);
    case Type::LARGE_LIST:
      return arrow::large_list(fields[0]);
    case Type::LIST_VIEW:
      return arrow::list_view(fields[0]);
    case Type::LARGE_LIST_VIEW:
      return arrow::large_list_view(fields[0]);
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          fields[0], static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case Type::MAP:
      return std::make_shared<arrow::MapType>(
          fields[0], static_cast<const arrow::MapType&>(*type).keys_sorted());
    case Type::SPARSE_UNION:
      return arrow::sparse_union(
          fields, static_cast<const arrow::UnionType&>(*type).type_codes());
    case Type::DENSE_UNION:
      return arrow::dense_union(fields,
                                static_cast<const arrow::UnionType&>(*type).type_codes());
    default:
      return arrow::struct_(fields);
  }
}

bool CodesAreChildIndexes(const arrow::UnionType& type) {
  for (int i = 0; i < type.num_fields(); ++i) {
    if (type.type_codes()[static_cast<size_t>(i)] != i) return false;
  }
  return true;
}

// The union with the type codes 0, 1, 2, …
TypePtr WithChildIndexes(const TypePtr& type) {
  if (CodesAreChildIndexes(static_cast<const arrow::UnionType&>(*type))) return type;
  return type->id() == Type::SPARSE_UNION ? arrow::sparse_union(type->fields())
                                          : arrow::dense_union(type->fields());
}

TypePtr PlainType(const TypePtr& type) {
  switch (type->id()) {
    case Type::DICTIONARY:
      return PlainType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::RUN_END_ENCODED:
      return PlainType(static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::EXTENSION: {
      const auto& storage =
          static_cast<const arrow::ExtensionType&>(*type).storage_type();
      TypePtr plain = PlainType(storage);
      return plain == storage ? type : plain;
    }
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION:
      return WithChildIndexes(WithPlainChildren(type));
    default:
      return type->num_fields() == 0 ? type : WithPlainChildren(type);
  }
}

TypePtr PlainColumnType(const TypePtr& type) {
  if (type->id() != Type::DICTIONARY) return PlainType(type);
  const auto& values = static_cast<const arrow::DictionaryType&>(*type).value_type();
  return arrow::is_base_binary_like(values->id()) ? type : PlainType(type);
}

bool ContainsListView(const arrow::DataType& type) {
  const arrow::DataType& storage = StorageOf(type);
  if (IsListView(storage.id())) return true;
  if (storage.id() == Type::DICTIONARY) {
    return ContainsListView(
        *static_cast<const arrow::DictionaryType&>(storage).value_type());
  }
  for (const auto& field : storage.fields()) {
    if (ContainsListView(*field->type())) return true;
  }
  return false;
}

arrow::Result<ArrayDataPtr> TakeValues(ArrayDataPtr values, ArrayDataPtr indexes) {
  ARROW_ASSIGN_OR_RAISE(
      arrow::Datum taken,
      arrow::compute::Take(std::move(values), std::move(indexes),
                           arrow::compute::TakeOptions::NoBoundsCheck()));
  return taken.array();
}

arrow::Result<ArrayDataPtr> ToPlain(const ArrayDataPtr& data, const TypePtr& type);

arrow::Result<ArrayDataPtr> DecodeDictionary(const ArrayData& data) {
  const auto& type = static_cast<const arrow::DictionaryType&>(*data.type);
  ARROW_ASSIGN_OR_RAISE(auto values,
                        ToPlain(data.dictionary, PlainType(type.value_type())));
  auto indexes = data.Copy();
  indexes->type = type.index_type();
  indexes->dictionary = nullptr;
  return TakeValues(std::move(values), std::move(indexes));
}

template <typename End>
arrow::Result<ArrayDataPtr> RunOfEachRow(const ArrayData& data) {
  arrow::TypedBufferBuilder<int64_t> runs;
  ARROW_RETURN_NOT_OK(runs.Reserve(data.length));
  const ArrayData& ends = *data.child_data[0];
  int64_t row = data.offset;
  for (int64_t run = 0; run < ends.length && row < data.offset + data.length; ++run) {
    const int64_t end = std::min<int64_t>(
        ValueAt<End>(ValuesOf(ends, 1, sizeof(End)), run), data.offset + data.length);
    for (; row < end; ++row) runs.UnsafeAppend(run);
  }
  ARROW_ASSIGN_OR_RAISE(auto buffer, runs.Finish());
  return ArrayData::Make(arrow::int64(), data.length, {nullptr, std::move(buffer)}, 0);
}

arrow::Result<ArrayDataPtr> DecodeRuns(const ArrayData& data) {
  const auto& type = static_cast<const arrow::RunEndEncodedType&>(*data.type);
  ARROW_ASSIGN_OR_RAISE(auto values,
                        ToPlain(data.child_data[1], PlainType(type.value_type())));
  ArrayDataPtr runs;
  switch (type.run_end_type()->id()) {
    case Type::INT16: {
      ARROW_ASSIGN_OR_RAISE(runs, RunOfEachRow<int16_t>(data));
      break;
    }
    case Type::INT32: {
      ARROW_ASSIGN_OR_RAISE(runs, RunOfEachRow<int32_t>(data));
      break;
    }
    default: {
      ARROW_ASSIGN_OR_RAISE(runs, RunOfEachRow<int64_t>(data));
      break;
    }
  }
  return TakeValues(std::move(values), std::move(runs));
}

// Whether each list begins where the one before it ends.
template <typename Offset>
bool IsInOrder(const ArrayData& data) {
  const uint8_t* offsets = ValuesOf(data, 1, sizeof(Offset));
  const uint8_t* sizes = ValuesOf(data, 2, sizeof(Offset));
  for (int64_t i = 0; i + 1 < data.length; ++i) {
    if (ValueAt<Offset>(offsets, i) + ValueAt<Offset>(sizes, i) !=
        ValueAt<Offset>(offsets, i + 1)) {
      return false;
    }
  }
  return true;
}

// The same lists with the elements copied into the order in which the lists show them.
template <typename Offset>
arrow::Result<ArrayDataPtr> PutInOrder(const ArrayDataPtr& data) {
  if (data->length == 0 || IsInOrder<Offset>(*data)) return data;
  const uint8_t* offsets = ValuesOf(*data, 1, sizeof(Offset));
  const uint8_t* sizes = ValuesOf(*data, 2, sizeof(Offset));
  arrow::TypedBufferBuilder<Offset> new_offsets, new_sizes;
  arrow::TypedBufferBuilder<int64_t> elements;
  for (int64_t i = 0; i < data->length; ++i) {
    const int64_t begin = ValueAt<Offset>(offsets, i);
    const Offset size = IsValidAt(*data, i) ? ValueAt<Offset>(sizes, i) : Offset{0};
    ARROW_RETURN_NOT_OK(new_offsets.Append(static_cast<Offset>(elements.length())));
    ARROW_RETURN_NOT_OK(new_sizes.Append(size));
    ARROW_RETURN_NOT_OK(elements.Reserve(size));
    for (int64_t e = begin; e < begin + size; ++e) elements.UnsafeAppend(e);
  }
  if (elements.length() > std::numeric_limits<Offset>::max()) {
    return Lie("its lists show ", elements.length(), " elements, too many for its type");
  }
  const int64_t count = elements.length();
  ARROW_ASSIGN_OR_RAISE(auto element_buffer, elements.Finish());
  auto indexes =
      ArrayData::Make(arrow::int64(), count, {nullptr, std::move(element_buffer)}, 0);
  ARROW_ASSIGN_OR_RAISE(auto child, TakeValues(data->child_data[0], std::move(indexes)));
  std::shared_ptr<arrow::Buffer> bitmap;
  if (data->buffers[0] != nullptr) {
    ARROW_ASSIGN_OR_RAISE(
        bitmap, arrow::internal::CopyBitmap(arrow::default_memory_pool(),
                                            data->buffers[0]->data(), data->offset,
                                            data->length));
  }
  ARROW_ASSIGN_OR_RAISE(auto offset_buffer, new_offsets.Finish());
  ARROW_ASSIGN_OR_RAISE(auto size_buffer, new_sizes.Finish());
  return ArrayData::Make(
      data->type, data->length,
      {std::move(bitmap), std::move(offset_buffer), std::move(size_buffer)},
      {std::move(child)}, data->GetNullCount(), /*offset=*/0);
}

// The type ids of a union of type `from`, as indexes of its children.
arrow::Result<std::shared_ptr<arrow::Buffer>> ChildIndexes(const ArrayData& data,
                                                           const arrow::UnionType& from) {
  const int64_t end = data.length == 0 ? 0 : data.offset + data.length;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> ids, arrow::AllocateBuffer(end));
  const uint8_t* codes = end == 0 ? nullptr : data.buffers[1]->data();
  for (int64_t i = 0; i < end; ++i) {
    // Rows before the offset were not checked.
    const auto code = static_cast<int8_t>(codes[i]);
    ids->mutable_data()[i] =
        i < data.offset
            ? uint8_t{0}
            : static_cast<uint8_t>(from.child_ids()[static_cast<size_t>(code)]);
  }
  return ids;
}

// `type` is PlainType of the array's type.
arrow::Result<ArrayDataPtr> ToPlain(const ArrayDataPtr& data, const TypePtr& type) {
  switch (StorageOf(*data->type).id()) {
    case Type::DICTIONARY:
    case Type::RUN_END_ENCODED: {
      auto storage = data->Copy();
      while (storage->type->id() == Type::EXTENSION) {
        storage->type =
            static_cast<const arrow::ExtensionType&>(*storage->type).storage_type();
      }
      return storage->type->id() == Type::DICTIONARY ? DecodeDictionary(*storage)
                                                     : DecodeRuns(*storage);
    }
    default:
      break;
  }
  ArrayDataPtr plain = data;
  const arrow::DataType& storage = StorageOf(*type);
  for (size_t i = 0; i < data->child_data.size(); ++i) {
    const TypePtr& child_type = storage.field(static_cast<int>(i))->type();
    ARROW_ASSIGN_OR_RAISE(auto child, ToPlain(data->child_data[i], child_type));
    if (child == data->child_data[i]) continue;
    if (plain == data) plain = data->Copy();
    plain->child_data[i] = std::move(child);
  }
  const arrow::DataType& source = StorageOf(*data->type);
  if (arrow::is_union(source.id()) &&
      !CodesAreChildIndexes(static_cast<const arrow::UnionType&>(source))) {
    if (plain == data) plain = data->Copy();
    ARROW_ASSIGN_OR_RAISE(
        plain->buffers[1],
        ChildIndexes(*data, static_cast<const arrow::UnionType&>(source)));
  }
  if (plain != data) plain->type = type;
  if (storage.id() == Type::LIST_VIEW) return PutInOrder<int32_t>(plain);
  if (storage.id() == Type::LARGE_LIST_VIEW) return PutInOrder<int64_t>(plain);
  return plain;
}

}  // namespace

PlainEncoding::PlainEncoding(const std::shared_ptr<arrow::Schema>& schema) {
  arrow::FieldVector fields = schema->fields();
  bool changed = false;
  for (auto& field : fields) {
    if (ContainsListView(*field->type())) is_plain_ = false;
    TypePtr plain = PlainColumnType(field->type());
    if (plain == field->type()) continue;
    field = field->WithType(std::move(plain));
    changed = true;
  }
  if (changed) is_plain_ = false;
  schema_ =
      changed ? arrow::schema(std::move(fields), schema->endianness(), schema->metadata())
              : schema;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> PlainEncoding::Apply(
    const std::shared_ptr<arrow::RecordBatch>& batch) const {
  if (is_plain_) return batch;
  std::vector<ArrayDataPtr> columns = batch->column_data();
  for (int i = 0; i < batch->num_columns(); ++i) {
    ArrayDataPtr& column = columns[static_cast<size_t>(i)];
    const TypePtr& type = schema_->field(i)->type();
    if (type->id() == Type::DICTIONARY) continue;
    ARROW_ASSIGN_OR_RAISE(column, ToPlain(column, type));
  }
  return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
}

}  // namespace pintail::columnar
