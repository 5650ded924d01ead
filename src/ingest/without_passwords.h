// Texts that may be shown: what others say of a connection quotes how it was made.
#pragma once

#include <string>
#include <string_view>

namespace pintail::ingest {

// The text with `***` in place of each password of a connection string: password=…,
// passwd=…, sslpassword=…, pwd=… (quoted or not), and the one in scheme://user:…@host.
std::string WithoutPasswords(std::string_view text);

}  // namespace pintail::ingest
