#include "http/answer.h"

#include <algorithm>
#include <chrono>
#include <format>

#include "arrow/io/interfaces.h"
#include "http/status.h"

namespace pintail::http {
namespace {

// A buffer at least this large is sent as it is, a smaller one is copied to its
// neighbours.
constexpr int64_t kBorrowBytes = 32 * 1024;

std::string SafeFieldValue(std::string_view value) {
  std::string safe(value);
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return safe;
}

}  // namespace

class Answer::Body final : public arrow::io::OutputStream {
 public:
  explicit Body(Answer& answer) : answer_(answer) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return answer_.body_bytes_; }
  arrow::Status Write(const void* data, int64_t size) override {
    return answer_.Write(data, size);
  }
  arrow::Status Write(const std::shared_ptr<arrow::Buffer>& buffer) override {
    return answer_.WriteBuffer(buffer);
  }

 private:
  Answer& answer_;
  bool closed_ = false;
};

arrow::Status Response::Send(int http_status, std::string_view media_type,
                             std::string_view text) {
  SetStatus(http_status);
  SetHeader("Content-Type", media_type);
  return body()->Write(text.data(), static_cast<int64_t>(text.size()));
}

Answer::Answer(std::shared_ptr<AnswerQueue> queue, const base::Clock& clock,
               Options options)
    : queue_(std::move(queue)),
      clock_(clock),
      options_(options),
      body_(std::make_unique<Body>(*this)) {}

Answer::~Answer() = default;

arrow::io::OutputStream* Answer::body() { return body_.get(); }

void Answer::SetHeader(std::string_view name, std::string_view value) {
  const auto field = std::ranges::find_if(
      fields_, [&](const auto& known) { return EqualsIgnoreCase(known.first, name); });
  if (field != fields_.end()) {
    field->second = SafeFieldValue(value);
  } else {
    fields_.emplace_back(name, SafeFieldValue(value));
  }
}

void Answer::Clear() {
  pending_.clear();
  tail_.clear();
  pending_bytes_ = 0;
  body_bytes_ = 0;
  std::erase_if(fields_, [](const auto& field) {
    return !EqualsIgnoreCase(field.first, "X-Request-Id");
  });
}

bool Answer::bodiless() const {
  return options_.head_only || http_status_ == 204 || http_status_ == 304;
}

arrow::Status Answer::Write(const void* data, int64_t size) {
  body_bytes_ += size;
  if (bodiless()) return arrow::Status::OK();
  tail_.append(static_cast<const char*>(data), static_cast<size_t>(size));
  pending_bytes_ += size;
  return pending_bytes_ > static_cast<int64_t>(options_.chunk_bytes)
             ? Flush()
             : arrow::Status::OK();
}

arrow::Status Answer::WriteBuffer(const std::shared_ptr<arrow::Buffer>& buffer) {
  if (buffer->size() < kBorrowBytes || bodiless()) {
    return Write(buffer->data(), buffer->size());
  }
  body_bytes_ += buffer->size();
  CloseTail();
  pending_.push_back(buffer);
  pending_bytes_ += buffer->size();
  return pending_bytes_ > static_cast<int64_t>(options_.chunk_bytes)
             ? Flush()
             : arrow::Status::OK();
}

void Answer::CloseTail() {
  if (tail_.empty()) return;
  pending_.push_back(arrow::Buffer::FromString(std::exchange(tail_, {})));
}

std::string Answer::RenderHead(std::optional<int64_t> content_length) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.WallNow());
  std::string head =
      std::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\n",
                  http_status_, ReasonPhrase(http_status_), now);
  for (const auto& [name, value] : fields_) {
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  }
  if (content_length) {
    // A 204 has no body, and says nothing about its length.
    if (http_status_ != 204)
      head += std::format("Content-Length: {}\r\n", *content_length);
  } else if (options_.minor_version > 0) {
    head += "Transfer-Encoding: chunked\r\n";
  }
  if (!options_.keep_alive) {
    head += "Connection: close\r\n";
  } else if (options_.minor_version == 0) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  return head;
}

// What is pending, as one chunk (for HTTP/1.0: as it is).
AnswerQueue::Pieces Answer::TakeFramed(bool last) {
  CloseTail();
  AnswerQueue::Pieces pieces;
  const bool chunked = options_.minor_version > 0;
  if (pending_bytes_ > 0) {
    if (chunked) {
      pieces.push_back(
          arrow::Buffer::FromString(std::format("{:x}\r\n", pending_bytes_)));
    }
    std::ranges::move(pending_, std::back_inserter(pieces));
    if (chunked) pieces.push_back(arrow::Buffer::FromString("\r\n"));
  }
  if (last && chunked) pieces.push_back(arrow::Buffer::FromString("0\r\n\r\n"));
  pending_.clear();
  pending_bytes_ = 0;
  return pieces;
}

arrow::Status Answer::Flush() {
  AnswerQueue::Pieces pieces;
  if (!committed_) {
    committed_ = true;
    // Without chunks only the connection's end tells where the body ends.
    if (options_.minor_version == 0) options_.keep_alive = false;
    pieces.push_back(arrow::Buffer::FromString(RenderHead(std::nullopt)));
  }
  std::ranges::move(TakeFramed(false), std::back_inserter(pieces));
  return queue_->Push(std::move(pieces));
}

void Answer::Finish() {
  if (std::exchange(ended_, true)) return;
  if (committed_) {
    queue_->Finish(TakeFramed(true), EndOfConnection());
    return;
  }
  committed_ = true;
  CloseTail();
  AnswerQueue::Pieces pieces;
  pieces.push_back(arrow::Buffer::FromString(RenderHead(body_bytes_)));
  if (!bodiless()) std::ranges::move(pending_, std::back_inserter(pieces));
  pending_.clear();
  queue_->Finish(std::move(pieces), EndOfConnection());
}

void Answer::Abort() {
  if (std::exchange(ended_, true)) return;
  CloseTail();
  AnswerQueue::Pieces pieces;
  if (committed_) pieces = TakeFramed(false);
  queue_->Finish(std::move(pieces), AnswerQueue::End::kAbort);
}

AnswerQueue::End Answer::EndOfConnection() const {
  return options_.keep_alive ? AnswerQueue::End::kKeep : AnswerQueue::End::kClose;
}

}  // namespace pintail::http
