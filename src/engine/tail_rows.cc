#include "engine/tail_rows.h"

#include <utility>

#include "base/lower_case.h"

namespace pintail::engine {

TailPart::~TailPart() {
  std::shared_ptr<TailPart> rest = std::move(next);
  // Whoever holds a later part ends what comes after it.
  while (rest && rest.use_count() == 1) {
    std::shared_ptr<TailPart> after = std::move(rest->next);
    rest = std::move(after);
  }
}

std::set<TailKey> KeysNamedIn(const TailMap& tails, const std::string& table) {
  const std::string name = base::LowerCase(table);
  std::set<TailKey> keys;
  for (const auto& [key, view] : tails) {
    if (name.empty() || base::LowerCase(key.table) == name) keys.insert(key);
  }
  return keys;
}

}  // namespace pintail::engine
