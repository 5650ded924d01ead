#include "ingest/warnings.h"

#include <algorithm>

#include "base/error.h"
#include "engine/names.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;

constexpr std::chrono::seconds kInterval{1};
// A transaction that may still change a table keeps its rows waiting for 15 s at most
// (engine/tail_store.cc); that alone is nothing to be warned of.
constexpr std::chrono::milliseconds kPatience{20'000};
constexpr int64_t kPatienceFactor = 10;
constexpr int64_t kFullPercent = 80;

// Texts of other kinds may quote values of rows.
std::string ReasonOf(const arrow::Status& status) {
  const ErrorKind kind = base::KindOf(status);
  if (kind == ErrorKind::kUnavailable || kind == ErrorKind::kResourceExhausted) {
    return status.message();
  }
  return std::string(base::ErrorKindName(kind)) + "; the server's log has the reason";
}

}  // namespace

Warnings::Warnings(const Ground& ground, Options options)
    : ground_(ground),
      options_(options),
      gauge_(ground.metrics.GetGauge(
          "ingest_warnings", "What is wrong now with rows that wait for their tables.")),
      alarm_(ground.timers.Every(kInterval, [this] { Look(); })) {
  ground_.metrics.OnRender([this] { Look(); });
}

std::vector<std::string> Warnings::Look() {
  // Also held while it looks: what is told last is what was seen last.
  const std::lock_guard lock(mutex_);
  std::map<Kind, std::string> now;
  const auto add = [&now](Kind kind, std::optional<std::string> text) {
    if (text) now.emplace(kind, *std::move(text));
  };
  add(Kind::kLongWait, LongWait());
  add(Kind::kFailedMove, FailedMove());
  add(Kind::kNotSent, NotSent());
  add(Kind::kDeadLetters, Refused());
  if (ground_.journal != nullptr) {
    const journal::Figures figures = ground_.journal->figures();
    add(Kind::kJournalRoom, JournalRoom(figures));
    if (!figures.fault.empty()) {
      now.emplace(Kind::kJournalFault,
                  "the journal could not be written the last time (" + figures.fault +
                      "). Uploads that need it are refused until it can be");
    }
  }
  std::vector<std::string> texts;
  for (const auto& [kind, text] : now) {
    if (told_.emplace(kind, text).second) ground_.log.Warn(text);
    texts.push_back(text);
  }
  std::erase_if(told_, [&](const auto& told) {
    if (now.contains(told.first)) return false;
    ground_.log.Info("a warning is over", {{"warning", told.second}});
    return true;
  });
  gauge_.Set(static_cast<double>(texts.size()));
  return texts;
}

std::optional<std::string> Warnings::LongWait() const {
  const auto tails = ground_.tails.figures();
  const auto oldest = std::ranges::min_element(tails, {}, &engine::TailFigures::oldest);
  if (oldest == tails.end()) return std::nullopt;
  const auto age = ground_.clock.Now() - oldest->oldest;
  if (age <= std::max(kPatienceFactor * options_.max_age, kPatience)) return std::nullopt;
  int64_t rows = 0;
  for (const auto& tail : tails) rows += tail.rows;
  return "rows have waited " +
         std::to_string(std::chrono::floor<std::chrono::seconds>(age).count()) +
         " s for the table " + engine::QuoteName(oldest->table) +
         ", which should take about " + std::to_string(options_.max_age.count()) +
         " ms (ingest.tail_age); " + std::to_string(rows) + " rows of " +
         std::to_string(tails.size()) +
         " tables wait. They are kept and can be queried. Look for a transaction that "
         "stays open, for a disk that is slow or full, and for more uploads than the "
         "machine can store";
}

std::optional<std::string> Warnings::FailedMove() const {
  const auto failures = ground_.mover.failures();
  if (failures.empty()) return std::nullopt;
  const auto& [table, status] = *failures.begin();
  const size_t others = failures.size() - 1;
  return "rows that have arrived cannot be stored in the table " + table +
         (others == 0 ? "" : " and " + std::to_string(others) + " others") + " (" +
         ReasonOf(status) +
         "). They are kept and can be queried, and it is tried again; mend the cause";
}

std::optional<std::string> Warnings::NotSent() const {
  if (ground_.outbox == nullptr) return std::nullopt;
  int64_t tables = 0;
  WriteThroughFigures first;
  for (auto& each : ground_.outbox->figures()) {
    if (each.state != "failing") continue;
    if (tables++ == 0) first = std::move(each);
  }
  if (tables == 0) return std::nullopt;
  // What a source says of a shipment may quote its rows.
  return "rows of the table " + engine::QuoteName(first.what.table) +
         (tables == 1 ? "" : " and " + std::to_string(tables - 1) + " others") +
         " cannot be sent on to " + engine::QuoteName(first.what.target) + " (" +
         std::to_string(first.failures) + " attempts in a row; " +
         std::to_string(first.lag_rows) +
         " rows wait). They are kept in the journal and sent when that is mended; "
         "pintail.write_through has the reason";
}

std::optional<std::string> Warnings::Refused() const {
  if (ground_.outbox == nullptr) return std::nullopt;
  int64_t letters = 0;
  for (const auto& each : ground_.outbox->figures()) letters += each.dead_letters;
  if (letters == 0) return std::nullopt;
  return std::to_string(letters) +
         " rows were refused by the source that they were sent on to; "
         "pintail.dead_letters has them, with the reasons";
}

std::optional<std::string> Warnings::JournalRoom(const journal::Figures& figures) const {
  if (figures.bytes / kFullPercent <= options_.max_bytes / 100) return std::nullopt;
  return "the journal holds " + std::to_string(figures.bytes) + " bytes of the " +
         std::to_string(options_.max_bytes) +
         " of journal.max_size; when it is full, uploads wait, and are refused when that "
         "takes too long. See why rows are not stored in their tables, or raise "
         "journal.max_size";
}

}  // namespace pintail::ingest
