// The schema part of validation: bounds, and names that mean one column each.
#include <string>
#include <unordered_set>

#include "arrow/type.h"
#include "base/lower_case.h"
#include "columnar/array_layout.h"
#include "columnar/batch_reader.h"
#include "columnar/schema_size.h"
#include "simdutf.h"

namespace pintail::columnar {
namespace {

class SchemaCheck {
 public:
  explicit SchemaCheck(const Limits& limits) : limits_(limits) {}

  arrow::Status CheckFields(const arrow::FieldVector& fields, const char* what,
                            bool names_differ, int depth) {
    fields_ += static_cast<int64_t>(fields.size());
    ARROW_RETURN_NOT_OK(CheckFieldCount(fields_, limits_));
    std::unordered_set<std::string> seen;
    for (const auto& field : fields) {
      ARROW_RETURN_NOT_OK(CheckName(field->name(), what));
      // Parameters by position may all come without a name.
      if (names_differ && !field->name().empty() &&
          !seen.insert(base::LowerCase(field->name())).second) {
        return Lie("two ", what, "s are called '", field->name(),
                   "' (upper and lower case are the same to SQL); rename one");
      }
      const arrow::Status status = CheckType(*field->type(), depth);
      // The column is enough: a path of a thousand fields helps nobody.
      if (!status.ok() && depth == 1) {
        return base::WithContext(status, std::string(what) + " '" + field->name() + "'");
      }
      ARROW_RETURN_NOT_OK(status);
    }
    return arrow::Status::OK();
  }

 private:
  static arrow::Status CheckName(std::string_view name, const char* what) {
    if (name.find('\0') != std::string_view::npos) {
      return Lie("the name of a ", what, " holds a NUL character");
    }
    if (!simdutf::validate_utf8(name.data(), name.size())) {
      return Lie("the name of a ", what, " is not valid UTF-8");
    }
    return arrow::Status::OK();
  }

  arrow::Status CheckType(const arrow::DataType& type, int depth) {
    ARROW_RETURN_NOT_OK(CheckNesting(depth, limits_));
    const arrow::DataType& storage = StorageOf(type);
    if (storage.id() == arrow::Type::DICTIONARY) {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(storage);
      return CheckType(*dictionary.value_type(), depth + 1);
    }
    ARROW_RETURN_NOT_OK(CheckParameters(storage));
    const bool names_differ = storage.id() == arrow::Type::STRUCT;
    return CheckFields(storage.fields(), "field", names_differ, depth + 1);
  }

  // Types that Arrow can name but no table can have, and that DuckDB takes on trust.
  static arrow::Status CheckParameters(const arrow::DataType& type) {
    if (type.id() == arrow::Type::FIXED_SIZE_BINARY && type.byte_width() < 0) {
      return Lie("a fixed-size binary of negative size");
    }
    if (type.id() == arrow::Type::FIXED_SIZE_LIST &&
        static_cast<const arrow::FixedSizeListType&>(type).list_size() < 1) {
      return Lie("the type ", type.ToString(), " is a fixed-size list of no elements");
    }
    if (arrow::is_union(type.id()) && type.num_fields() == 0) {
      return Lie("a union of no types");
    }
    if (arrow::is_decimal(type.id())) {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      if (decimal.scale() < 0 || decimal.scale() > decimal.precision()) {
        return Lie("a decimal of ", decimal.precision(), " digits, ", decimal.scale(),
                   " of them after the point; cast it to one with 0 to ",
                   decimal.precision());
      }
    }
    return arrow::Status::OK();
  }

  const Limits& limits_;
  int64_t fields_ = 0;
};

}  // namespace

arrow::Status CheckSchema(const arrow::Schema& schema, const Limits& limits) {
  ARROW_RETURN_NOT_OK(CheckColumnCount(schema.num_fields(), limits));
  return SchemaCheck(limits).CheckFields(schema.fields(), "column",
                                         /*names_differ=*/true, /*depth=*/1);
}

}  // namespace pintail::columnar
