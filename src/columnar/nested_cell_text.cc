#include "columnar/nested_cell_text.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "arrow/scalar.h"
#include "base/error.h"
#include "base/json_string.h"

namespace pintail::columnar {
namespace {

using arrow::Type;
using CellPtr = std::unique_ptr<CellText>;
using std::string;

// Nested values have no text but their JSON.
class Nested : public CellText {
 public:
  explicit Nested(const arrow::Array& array) : base_(array) {}
  bool IsNull(int64_t row) const override { return base_.IsNull(row); }
  void AppendText(int64_t row, string* out) const final { AppendValue(row, out); }
  void AppendJson(int64_t row, string* out) const final {
    if (IsNull(row)) {
      out->append("null");
    } else {
      AppendValue(row, out);
    }
  }

 protected:
  virtual void AppendValue(int64_t row, string* out) const = 0;

 private:
  const arrow::Array& base_;
};

template <typename ListArray>
class ListText final : public Nested {
 public:
  ListText(const arrow::Array& array, CellPtr values)
      : Nested(array),
        array_(static_cast<const ListArray&>(array)),
        values_(std::move(values)) {}

 private:
  void AppendValue(int64_t row, string* out) const override {
    const int64_t begin = array_.value_offset(row);
    const int64_t end = begin + array_.value_length(row);
    out->push_back('[');
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) out->push_back(',');
      values_->AppendJson(i, out);
    }
    out->push_back(']');
  }

  const ListArray& array_;
  const CellPtr values_;
};

template <typename ListArray>
arrow::Result<CellPtr> MakeList(const arrow::Array& array) {
  const auto& values = static_cast<const ListArray&>(array).values();
  ARROW_ASSIGN_OR_RAISE(auto cells, MakeCellText(*values));
  return std::make_unique<ListText<ListArray>>(array, std::move(cells));
}

// An object; keys that are no text are written as their text.
class MapText final : public Nested {
 public:
  MapText(const arrow::Array& array, CellPtr keys, CellPtr items)
      : Nested(array),
        array_(static_cast<const arrow::MapArray&>(array)),
        keys_(std::move(keys)),
        items_(std::move(items)) {}

 private:
  void AppendValue(int64_t row, string* out) const override {
    const int64_t begin = array_.value_offset(row);
    const int64_t end = begin + array_.value_length(row);
    out->push_back('{');
    string key;
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) out->push_back(',');
      key.clear();
      if (!keys_->IsNull(i)) keys_->AppendText(i, &key);
      base::AppendJsonString(key, out);
      out->push_back(':');
      items_->AppendJson(i, out);
    }
    out->push_back('}');
  }

  const arrow::MapArray& array_;
  const CellPtr keys_;
  const CellPtr items_;
};

arrow::Result<CellPtr> MakeMap(const arrow::Array& array) {
  const auto& map = static_cast<const arrow::MapArray&>(array);
  ARROW_ASSIGN_OR_RAISE(auto keys, MakeCellText(*map.keys()));
  ARROW_ASSIGN_OR_RAISE(auto items, MakeCellText(*map.items()));
  return std::make_unique<MapText>(array, std::move(keys), std::move(items));
}

string KeyOf(const arrow::Field& field) {
  string key;
  base::AppendJsonString(field.name(), &key);
  key.push_back(':');
  return key;
}

class StructText final : public Nested {
 public:
  struct Member {
    string key;
    std::shared_ptr<arrow::Array> array;
    CellPtr cells;
  };

  static arrow::Result<CellPtr> Make(const arrow::Array& array) {
    const auto& structs = static_cast<const arrow::StructArray&>(array);
    std::vector<Member> members;
    for (int i = 0; i < structs.num_fields(); ++i) {
      auto child = structs.field(i);
      ARROW_ASSIGN_OR_RAISE(auto cells, MakeCellText(*child));
      members.push_back(
          {KeyOf(*array.type()->field(i)), std::move(child), std::move(cells)});
    }
    return std::make_unique<StructText>(array, std::move(members));
  }

  StructText(const arrow::Array& array, std::vector<Member> members)
      : Nested(array), members_(std::move(members)) {}

 private:
  void AppendValue(int64_t row, string* out) const override {
    char separator = '{';
    for (const Member& member : members_) {
      out->push_back(separator);
      out->append(member.key);
      member.cells->AppendJson(row, out);
      separator = ',';
    }
    if (members_.empty()) out->push_back('{');
    out->push_back('}');
  }

  const std::vector<Member> members_;
};

// An object with one member: the name of the alternative, and its value.
class UnionText final : public CellText {
 public:
  static arrow::Result<CellPtr> Make(const arrow::Array& array) {
    std::vector<StructText::Member> members;
    const auto& unions = static_cast<const arrow::UnionArray&>(array);
    for (int i = 0; i < unions.num_fields(); ++i) {
      auto child = unions.field(i);
      ARROW_ASSIGN_OR_RAISE(auto cells, MakeCellText(*child));
      members.push_back(
          {KeyOf(*array.type()->field(i)), std::move(child), std::move(cells)});
    }
    return std::make_unique<UnionText>(unions, std::move(members));
  }

  UnionText(const arrow::UnionArray& array, std::vector<StructText::Member> members)
      : array_(array), members_(std::move(members)) {}

  bool IsNull(int64_t row) const override {
    return MemberOf(row).cells->IsNull(SlotOf(row));
  }
  void AppendText(int64_t row, string* out) const override { AppendJson(row, out); }
  void AppendJson(int64_t row, string* out) const override {
    const StructText::Member& member = MemberOf(row);
    const int64_t slot = SlotOf(row);
    if (member.cells->IsNull(slot)) {
      out->append("null");
      return;
    }
    out->push_back('{');
    out->append(member.key);
    member.cells->AppendJson(slot, out);
    out->push_back('}');
  }

 private:
  const StructText::Member& MemberOf(int64_t row) const {
    return members_[static_cast<size_t>(array_.child_id(row))];
  }
  int64_t SlotOf(int64_t row) const {
    if (array_.mode() == arrow::UnionMode::SPARSE) return row;
    return static_cast<const arrow::DenseUnionArray&>(array_).value_offset(row);
  }

  const arrow::UnionArray& array_;
  const std::vector<StructText::Member> members_;
};

// Values looked up elsewhere: `Slot` finds the place of a row among the values.
template <typename Slot>
class IndirectText final : public CellText {
 public:
  IndirectText(const arrow::Array& array, std::shared_ptr<arrow::Array> values,
               CellPtr cells, Slot slot)
      : array_(array),
        values_(std::move(values)),
        cells_(std::move(cells)),
        slot_(std::move(slot)) {}

  bool IsNull(int64_t row) const override {
    return array_.IsNull(row) || cells_->IsNull(slot_(row));
  }
  void AppendText(int64_t row, string* out) const override {
    cells_->AppendText(slot_(row), out);
  }
  void AppendJson(int64_t row, string* out) const override {
    if (array_.IsNull(row)) {
      out->append("null");
    } else {
      cells_->AppendJson(slot_(row), out);
    }
  }

 private:
  const arrow::Array& array_;
  const std::shared_ptr<arrow::Array> values_;
  const CellPtr cells_;
  const Slot slot_;
};

template <typename Slot>
arrow::Result<CellPtr> MakeIndirect(const arrow::Array& array,
                                    std::shared_ptr<arrow::Array> values, Slot slot) {
  ARROW_ASSIGN_OR_RAISE(auto cells, MakeCellText(*values));
  return std::make_unique<IndirectText<Slot>>(array, std::move(values), std::move(cells),
                                              std::move(slot));
}

arrow::Result<CellPtr> MakeDictionary(const arrow::Array& array) {
  const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
  return MakeIndirect(array, dictionary.dictionary(), [&dictionary](int64_t row) {
    return dictionary.GetValueIndex(row);
  });
}

arrow::Result<CellPtr> MakeRunEnds(const arrow::Array& array) {
  const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(array);
  std::vector<int64_t> ends;
  ARROW_ASSIGN_OR_RAISE(auto logical, runs.LogicalRunEnds(arrow::default_memory_pool()));
  for (int64_t i = 0; i < logical->length(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto end, logical->GetScalar(i));
    ARROW_ASSIGN_OR_RAISE(end, end->CastTo(arrow::int64()));
    ends.push_back(static_cast<const arrow::Int64Scalar&>(*end).value);
  }
  return MakeIndirect(array, runs.LogicalValues(), [ends = std::move(ends)](int64_t row) {
    return std::upper_bound(ends.begin(), ends.end(), row) - ends.begin();
  });
}

}  // namespace

arrow::Result<std::unique_ptr<CellText>> MakeNestedCellText(const arrow::Array& array) {
  switch (array.type_id()) {
    case Type::LIST:
      return MakeList<arrow::ListArray>(array);
    case Type::LARGE_LIST:
      return MakeList<arrow::LargeListArray>(array);
    case Type::LIST_VIEW:
      return MakeList<arrow::ListViewArray>(array);
    case Type::LARGE_LIST_VIEW:
      return MakeList<arrow::LargeListViewArray>(array);
    case Type::FIXED_SIZE_LIST:
      return MakeList<arrow::FixedSizeListArray>(array);
    case Type::MAP:
      return MakeMap(array);
    case Type::STRUCT:
      return StructText::Make(array);
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION:
      return UnionText::Make(array);
    case Type::DICTIONARY:
      return MakeDictionary(array);
    case Type::RUN_END_ENCODED:
      return MakeRunEnds(array);
    default:
      return base::MakeError(base::ErrorKind::kUnimplemented, "values of type ",
                             array.type()->ToString(), " have no text form");
  }
}

}  // namespace pintail::columnar
