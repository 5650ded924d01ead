#include "engine/integer_time.h"

#include <atomic>
#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/common/error_data.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/common/exception/binder_exception.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/parser/parsed_data/create_scalar_function_info.hpp"
#include "engine/align_comparisons.h"
#include "engine/align_plan.h"

namespace pintail::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using ExpressionPtr = duckdb::unique_ptr<duckdb::Expression>;

ExpressionPtr BindAlign(duckdb::FunctionBindExpressionInput& input) {
  ExpressionPtr& value = input.children[0];
  const ExpressionPtr& other = input.children[1];
  if (value->return_type.id() == LogicalTypeId::UNKNOWN ||
      other->return_type.id() == LogicalTypeId::UNKNOWN) {
    throw duckdb::ParameterNotResolvedException();
  }
  if (IsTime(value->return_type) && CountsNanoseconds(other->return_type)) {
    return EpochNanoseconds(input.context, std::move(value));
  }
  return std::move(value);
}

// Never called: the binder has put something else in its place.
void RunAlign(duckdb::DataChunk&, duckdb::ExpressionState&, duckdb::Vector&) {
  throw duckdb::InternalException("pintail_align was not replaced");
}

// Belongs to a connection; called by the thread that plans a statement.
class IntegerTime : public duckdb::ClientContextState {
 public:
  void QueryBegin(duckdb::ClientContext&) override { executing_ = true; }
  void QueryEnd(duckdb::ClientContext&) override { executing_ = false; }
  bool CanRequestRebind() override { return true; }

  duckdb::RebindQueryInfo OnPlanningError(duckdb::ClientContext&,
                                          duckdb::SQLStatement& statement,
                                          duckdb::ErrorData& error) override {
    // While a statement is prepared its parameters get their types from what they are
    // compared with; once it is executed they have those of their values.
    const bool changed = error.Type() == duckdb::ExceptionType::BINDER &&
                         AlignComparisons(statement, {.parameters = executing_});
    return changed ? duckdb::RebindQueryInfo::ATTEMPT_TO_REBIND
                   : duckdb::RebindQueryInfo::DO_NOT_REBIND;
  }

 private:
  std::atomic<bool> executing_ = false;
};

}  // namespace

void PrepareIntegerTime(duckdb::DBConfig& config) {
  duckdb::PlannerExtension extension;
  extension.post_bind_function = AlignPlan;
  duckdb::PlannerExtension::Register(config, std::move(extension));
}

void AddAlignFunction(duckdb::DatabaseInstance& database) {
  duckdb::ScalarFunction align(kAlignFunction, {LogicalType::ANY, LogicalType::ANY},
                               LogicalType::ANY, RunAlign);
  align.SetBindExpressionCallback(BindAlign);
  align.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  duckdb::CreateScalarFunctionInfo info(std::move(align));
  info.internal = true;
  duckdb::Catalog::GetSystemCatalog(database).CreateFunction(
      duckdb::CatalogTransaction::GetSystemTransaction(database), info);
}

void AddIntegerTime(duckdb::ClientContext& context) {
  context.registered_state->GetOrCreate<IntegerTime>("pintail_integer_time");
}

}  // namespace pintail::engine
