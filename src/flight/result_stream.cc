#include "flight/result_stream.h"

#include <utility>

#include "arrow/ipc/options.h"
#include "arrow/ipc/writer.h"

namespace pintail::flight {
namespace {

using arrow::flight::FlightDataStream;
using arrow::flight::FlightInfo;
using arrow::flight::FlightListing;
using arrow::flight::FlightPayload;
using arrow::flight::ResultStream;

// Between two calls of Next gRPC writes, which blocks while the client does not read.
class DataStream final : public FlightDataStream {
 public:
  DataStream(std::shared_ptr<Call> call, std::unique_ptr<FlightDataStream> inner)
      : call_(std::move(call)), inner_(std::move(inner)) {}

  std::shared_ptr<arrow::Schema> schema() override { return inner_->schema(); }

  arrow::Result<FlightPayload> GetSchemaPayload() override {
    return Sent(inner_->GetSchemaPayload());
  }

  arrow::Result<FlightPayload> Next() override {
    call_->StopWaiting();
    if (const arrow::Status alive = call_->context()->CheckAlive(); !alive.ok()) {
      return call_->Finish(alive);
    }
    auto payload = Sent(inner_->Next());
    if (payload.ok() && payload->ipc_message.metadata == nullptr) {
      inner_.reset();  // gives back what the result holds before the client hears of its
                       // end
      ARROW_RETURN_NOT_OK(call_->Finish(arrow::Status::OK()));
    }
    return payload;
  }

  arrow::Status Close() override { return arrow::Status::OK(); }

 private:
  arrow::Result<FlightPayload> Sent(arrow::Result<FlightPayload> payload) {
    if (!payload.ok()) return call_->Finish(payload.status());
    call_->AddBytesSent(payload->ipc_message.body_length);
    call_->StartWaiting(ClientWait::kToTake);
    return payload;
  }

  const std::shared_ptr<Call> call_;
  std::unique_ptr<FlightDataStream> inner_;
};

class Results final : public ResultStream {
 public:
  Results(std::shared_ptr<Call> call, std::unique_ptr<ResultStream> inner)
      : call_(std::move(call)), inner_(std::move(inner)) {}

  arrow::Result<std::unique_ptr<arrow::flight::Result>> Next() override {
    call_->StopWaiting();
    auto result = inner_->Next();
    if (!result.ok()) return call_->Finish(result.status());
    if (*result == nullptr) {
      inner_.reset();
      ARROW_RETURN_NOT_OK(call_->Finish(arrow::Status::OK()));
    } else {
      if ((*result)->body) call_->AddBytesSent((*result)->body->size());
      call_->StartWaiting(ClientWait::kToTake);
    }
    return result;
  }

 private:
  const std::shared_ptr<Call> call_;
  std::unique_ptr<ResultStream> inner_;
};

class Listing final : public FlightListing {
 public:
  Listing(std::shared_ptr<Call> call, std::unique_ptr<FlightListing> inner)
      : call_(std::move(call)), inner_(std::move(inner)) {}

  arrow::Result<std::unique_ptr<FlightInfo>> Next() override {
    call_->StopWaiting();
    auto info = inner_->Next();
    if (!info.ok()) return call_->Finish(info.status());
    if (*info == nullptr) {
      ARROW_RETURN_NOT_OK(call_->Finish(arrow::Status::OK()));
    } else {
      call_->StartWaiting(ClientWait::kToTake);
    }
    return info;
  }

 private:
  const std::shared_ptr<Call> call_;
  const std::unique_ptr<FlightListing> inner_;
};

class AnswerStream final : public FlightDataStream {
 public:
  explicit AnswerStream(cache::AnswerPtr answer) : answer_(std::move(answer)) {}

  std::shared_ptr<arrow::Schema> schema() override { return answer_->schema(); }
  arrow::Result<FlightPayload> GetSchemaPayload() override { return Message(0); }
  arrow::Result<FlightPayload> Next() override {
    if (next_ == answer_->payloads().size()) return FlightPayload{};
    return Message(next_++);
  }

 private:
  FlightPayload Message(size_t i) const {
    FlightPayload payload;
    payload.ipc_message = answer_->payloads()[i];
    return payload;
  }

  const cache::AnswerPtr answer_;
  size_t next_ = 1;
};

}  // namespace

std::unique_ptr<FlightDataStream> KeepCall(std::shared_ptr<Call> call,
                                           std::unique_ptr<FlightDataStream> stream) {
  return std::make_unique<DataStream>(std::move(call), std::move(stream));
}

std::unique_ptr<ResultStream> KeepCall(std::shared_ptr<Call> call,
                                       std::unique_ptr<ResultStream> results) {
  return std::make_unique<Results>(std::move(call), std::move(results));
}

std::unique_ptr<FlightListing> KeepCall(std::shared_ptr<Call> call,
                                        std::unique_ptr<FlightListing> listing) {
  return std::make_unique<Listing>(std::move(call), std::move(listing));
}

std::unique_ptr<FlightDataStream> StreamOf(cache::AnswerPtr answer) {
  return std::make_unique<AnswerStream>(std::move(answer));
}

std::unique_ptr<FlightDataStream> StreamOf(
    std::shared_ptr<arrow::RecordBatchReader> reader) {
  return std::make_unique<arrow::flight::RecordBatchStream>(std::move(reader));
}

}  // namespace pintail::flight
