// The text of DuckDB's types that Arrow has no type for and that come as `arrow.opaque`
// with DuckDB's own bytes: BIT, BIGNUM and TIME WITH TIME ZONE, as DuckDB casts them.
// Pure functions, callable from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pintail::columnar {

// "0101".
void AppendBitString(std::string_view bytes, std::string* out);

// The time that an AppendBigNumber takes grows with the square of the bytes; above this
// many it is not to be called.
inline constexpr int64_t kMaxBigNumberBytes = 16 << 10;

// "-12345678901234567890123456789012345678901234567890".
void AppendBigNumber(std::string_view bytes, std::string* out);

// "10:00:00.5+05:30"; minutes and seconds of the offset only when it has any.
void AppendTimeWithOffset(std::string_view bytes, std::string* out);

}  // namespace pintail::columnar
