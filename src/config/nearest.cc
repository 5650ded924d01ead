#include "config/nearest.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/lower_case.h"

namespace pintail::config {

using base::LowerCase;

// Optimal string alignment: three rows of the dynamic programme are enough, as a swap
// looks two rows back.
size_t EditDistance(std::string_view left, std::string_view right) {
  std::vector<size_t> before(right.size() + 1);
  std::vector<size_t> last(right.size() + 1);
  std::vector<size_t> row(right.size() + 1);
  for (size_t j = 0; j <= right.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= right.size(); ++j) {
      const bool same = LowerCase(left[i - 1]) == LowerCase(right[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 &&
                           LowerCase(left[i - 1]) == LowerCase(right[j - 2]) &&
                           LowerCase(left[i - 2]) == LowerCase(right[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[right.size()];
}

std::string NearestName(std::string_view name, const std::vector<std::string>& names) {
  size_t least = std::numeric_limits<size_t>::max();
  std::string nearest;
  for (const std::string& candidate : names) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace pintail::config
