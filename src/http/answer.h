// A response as it is put on the wire: head, then a body of known length or in chunks.
//
// Owned by the exchange it answers; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/answer_queue.h"
#include "http/head.h"
#include "http/response.h"

namespace pintail::http {

class Answer final : public Response {
 public:
  struct Options {
    size_t chunk_bytes = 256 * 1024;
    int minor_version = 1;
    bool head_only = false;  // the request was HEAD: the body is counted, not sent
    bool keep_alive = true;
  };

  Answer(std::shared_ptr<AnswerQueue> queue, const base::Clock& clock, Options options);
  ~Answer() override;

  void SetStatus(int http_status) override { http_status_ = http_status; }
  void SetHeader(std::string_view name, std::string_view value) override;
  arrow::io::OutputStream* body() override;
  bool committed() const override { return committed_; }

  int http_status() const { return http_status_; }
  // Bytes of the body that were written so far.
  int64_t body_bytes() const { return body_bytes_; }
  // The connection ends after this answer; has to be said before the head is sent.
  void ForbidKeepAlive() { options_.keep_alive = false; }
  // Forgets what has been written; only before the head is sent.
  void Clear();
  // Sends what is left. Does nothing when the answer has been finished or cut.
  void Finish();
  // Ends the connection in the middle of the body.
  void Abort();

 private:
  class Body;

  arrow::Status Write(const void* data, int64_t size);
  arrow::Status WriteBuffer(const std::shared_ptr<arrow::Buffer>& buffer);
  void CloseTail();
  arrow::Status Flush();
  std::string RenderHead(std::optional<int64_t> content_length) const;
  AnswerQueue::Pieces TakeFramed(bool last);
  AnswerQueue::End EndOfConnection() const;
  bool bodiless() const;

  const std::shared_ptr<AnswerQueue> queue_;
  const base::Clock& clock_;
  Options options_;
  std::unique_ptr<Body> body_;
  int http_status_ = 200;
  std::vector<std::pair<std::string, std::string>> fields_;
  AnswerQueue::Pieces pending_;  // written and not yet in the queue
  std::string tail_;             // small writes, gathered; after pending_
  int64_t pending_bytes_ = 0;
  int64_t body_bytes_ = 0;
  bool committed_ = false;
  bool ended_ = false;
};

}  // namespace pintail::http
