#include "engine/tail_rows.h"

#include <utility>

namespace pintail::engine {

TailPart::~TailPart() {
  std::shared_ptr<TailPart> rest = std::move(next);
  // Whoever holds a later part ends what comes after it.
  while (rest && rest.use_count() == 1) {
    std::shared_ptr<TailPart> after = std::move(rest->next);
    rest = std::move(after);
  }
}

}  // namespace pintail::engine
