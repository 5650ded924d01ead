// The answers that go on after their handler has returned: batches of a DoGet, results of
// an action, a listing of flights. They keep the call, so that it is cancelled, counted
// and translated like any other until the last message. Used by the call's thread.
#pragma once

#include <functional>
#include <memory>

#include "arrow/flight/server.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "cache/answer.h"
#include "flight/call.h"

namespace pintail::flight {

std::unique_ptr<arrow::flight::FlightDataStream> KeepCall(
    std::shared_ptr<Call> call, std::unique_ptr<arrow::flight::FlightDataStream> stream);
std::unique_ptr<arrow::flight::ResultStream> KeepCall(
    std::shared_ptr<Call> call, std::unique_ptr<arrow::flight::ResultStream> results);
std::unique_ptr<arrow::flight::FlightListing> KeepCall(
    std::shared_ptr<Call> call, std::unique_ptr<arrow::flight::FlightListing> listing);

// The messages of a kept answer, which are neither decoded nor copied.
std::unique_ptr<arrow::flight::FlightDataStream> StreamOf(cache::AnswerPtr answer);
// A reader's batches as they are.
std::unique_ptr<arrow::flight::FlightDataStream> StreamOf(
    std::shared_ptr<arrow::RecordBatchReader> reader);

}  // namespace pintail::flight
