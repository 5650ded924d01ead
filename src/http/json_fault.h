// What is wrong with a JSON text, in words. Pure function.
#pragma once

#include <simdjson.h>

#include <string_view>

namespace pintail::http {

inline std::string_view JsonFault(simdjson::error_code code) {
  switch (code) {
    case simdjson::EMPTY:
      return "it is empty";
    case simdjson::UTF8_ERROR:
      return "it is not UTF-8 text";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed";
    case simdjson::STRING_ERROR:
      return "a string has a bad escape";
    case simdjson::UNESCAPED_CHARS:
      return "a string has a control character that is not escaped";
    case simdjson::NUMBER_ERROR:
    case simdjson::BIGINT_ERROR:
      return "it has a number that is none or that no type can hold";
    case simdjson::DEPTH_ERROR:
      return "it nests too deep";
    case simdjson::TRAILING_CONTENT:
      return "something follows its end";
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return "it is too large";
    default:
      return "commas, brackets, names and values do not fit together";
  }
}

}  // namespace pintail::http
