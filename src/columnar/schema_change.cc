#include "columnar/schema_change.h"

#include <array>
#include <map>
#include <utility>

#include "arrow/extension_type.h"
#include "arrow/type_traits.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "columnar/supertype.h"
#include "columnar/target_column.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr std::array<std::pair<SchemaPolicy, std::string_view>, 3> kPolicyNames = {{
    {SchemaPolicy::kStrict, "strict"},
    {SchemaPolicy::kAddColumns, "add_columns"},
    {SchemaPolicy::kCoerce, "coerce"},
}};

std::string Columns(const arrow::Schema& schema) {
  std::string text;
  for (const auto& field : schema.fields()) {
    if (!text.empty()) text += ", ";
    text += field->name() + " " + field->type()->ToString();
  }
  return text.empty() ? "no columns" : text;
}

// Extension types of text (JSON) hold text and may be given text.
TypePtr TextOf(const TypePtr& type) {
  if (type->id() != arrow::Type::EXTENSION) return type;
  const TypePtr& storage = static_cast<const arrow::ExtensionType&>(*type).storage_type();
  return arrow::is_base_binary_like(storage->id()) ? StoredType(storage) : type;
}

// Whether every value of `arriving` can be put into a column of type `table`, as it is.
bool Fits(const TypePtr& table, const TypePtr& arriving) {
  if (TextOf(table)->Equals(*TextOf(arriving))) return true;
  // What readers of CSV and JSON need, who see integers where a producer happened to send
  // no fraction. Whether each is exact is seen from the values (exact_double.h).
  if (table->id() == arrow::Type::DOUBLE && arrow::is_integer(arriving->id()))
    return true;
  const TypePtr common = SuperType(table, arriving);
  return common && common->Equals(*table);
}

class Planner {
 public:
  Planner(const arrow::Schema& table, const arrow::Schema& arriving, SchemaPolicy policy)
      : table_(table), arriving_(arriving), policy_(policy), fields_(table.fields()) {
    for (int i = 0; i < table.num_fields(); ++i) {
      index_.emplace(base::LowerCase(table.field(i)->name()), i);
    }
  }

  arrow::Result<SchemaChange> Plan() {
    for (const auto& field : arriving_.fields()) {
      ARROW_RETURN_NOT_OK(Place(field));
    }
    if (policy_ == SchemaPolicy::kStrict &&
        arriving_.num_fields() != table_.num_fields()) {
      return Refuse(
          "the data lacks columns of the table and the schema policy is strict; "
          "send all columns, or use the policy add_columns");
    }
    change_.result = arrow::schema(std::move(fields_));
    return std::move(change_);
  }

 private:
  arrow::Status Place(const std::shared_ptr<arrow::Field>& field) {
    const auto found = index_.find(base::LowerCase(field->name()));
    if (found == index_.end()) return Add(field);
    const std::shared_ptr<arrow::Field>& column = table_.field(found->second);
    change_.target_columns.push_back(column->name());
    const TypePtr from = StoredType(field->type());
    const TypePtr to = StoredType(column->type());
    if (from->Equals(*to) || IsFromText(*field)) return arrow::Status::OK();
    if (policy_ == SchemaPolicy::kStrict) {
      return Refuse(
          "column '", column->name(), "' is ", to->ToString(), " and the data has ",
          from->ToString(),
          ", and the schema policy is strict; send that type, or use the policy "
          "add_columns or coerce");
    }
    if (Fits(to, from) || policy_ == SchemaPolicy::kCoerce) return arrow::Status::OK();
    if (TypePtr common = SuperType(to, from)) {
      fields_[found->second] = column->WithType(std::move(common));
      change_.widened.push_back(fields_[found->second]);
      return arrow::Status::OK();
    }
    return Refuse("column '", column->name(), "' is ", to->ToString(),
                  " and the data has ", from->ToString(),
                  ", which it cannot be widened to; send a type that fits, or use the "
                  "policy coerce to cast the values");
  }

  arrow::Status Add(const std::shared_ptr<arrow::Field>& field) {
    if (policy_ == SchemaPolicy::kStrict) {
      return Refuse("the data has a column '", field->name(),
                    "' that the table has not, and the schema policy is strict; leave it "
                    "out, or use the policy add_columns");
    }
    // Rows that are there already have no value for it.
    fields_.push_back(field->WithNullable(true));
    change_.added.push_back(fields_.back());
    change_.target_columns.push_back(field->name());
    return arrow::Status::OK();
  }

  template <typename... Parts>
  arrow::Status Refuse(const Parts&... what) {
    return base::MakeError(ErrorKind::kInvalidArgument, what...,
                           ". The table has: ", Columns(table_),
                           ". The data has: ", Columns(arriving_));
  }

  const arrow::Schema& table_;
  const arrow::Schema& arriving_;
  const SchemaPolicy policy_;
  std::map<std::string, int> index_;  // lower-case name to the table's column
  arrow::FieldVector fields_;         // of the table after the change
  SchemaChange change_;
};

}  // namespace

arrow::Result<SchemaPolicy> ParseSchemaPolicy(std::string_view name) {
  for (const auto& [policy, policy_name] : kPolicyNames) {
    if (name == policy_name) return policy;
  }
  return base::MakeError(ErrorKind::kInvalidArgument, "'", name,
                         "' is no schema policy; use strict, add_columns or coerce");
}

std::string_view SchemaPolicyName(SchemaPolicy policy) {
  for (const auto& [candidate, name] : kPolicyNames) {
    if (candidate == policy) return name;
  }
  return "unknown";
}

arrow::Result<SchemaChange> PlanSchemaChange(const arrow::Schema& table,
                                             const arrow::Schema& arriving,
                                             SchemaPolicy policy) {
  return Planner(table, arriving, policy).Plan();
}

}  // namespace pintail::columnar
