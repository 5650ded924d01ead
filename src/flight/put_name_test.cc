#include "flight/put_name.h"

#include "base/error.h"
#include "flight/put_command.h"
#include "gateway/put_key.h"
#include "gtest/gtest.h"

namespace pintail::flight {
namespace {

using arrow::flight::CallHeaders;

arrow::Result<std::string> Key(const std::string& json, const CallHeaders& headers) {
  ARROW_ASSIGN_OR_RAISE(const PutName name, PutNameInHeaders(headers));
  ARROW_ASSIGN_OR_RAISE(const auto request, ParsePutCommand(json, {}, name));
  return request.key;
}

TEST(PutName, IsTheSameInTheCommandAndInHeaders) {
  const CallHeaders headers{{"pintail-producer", "p 1"}, {"pintail-sequence", "7"}};
  const std::string json = R"({"producer": "p 1", "sequence": 7})";
  const std::string key = gateway::KeyOfProducer("p 1", 7);
  EXPECT_EQ(Key(json, {}).ValueOrDie(), key);
  EXPECT_EQ(Key("{}", headers).ValueOrDie(), key);
  EXPECT_EQ(Key(json, headers).ValueOrDie(), key);
  EXPECT_EQ(Key(R"({"producer": "p 1"})", {{"pintail-sequence", "7"}}).ValueOrDie(), key);
  EXPECT_EQ(Key("{}", {}).ValueOrDie(), "");
  EXPECT_EQ(Key(R"({"producer": null, "sequence": null})", {}).ValueOrDie(), "");
  EXPECT_EQ(Key(R"({"producer": "p", "sequence": 0})", {}).ValueOrDie(),
            gateway::KeyOfProducer("p", 0));
}

TEST(PutName, IsRefusedWhenItIsHalfOrTwoOrNoName) {
  const struct {
    const char* json;
    CallHeaders headers;
    const char* named;
  } kTable[] = {
      {R"({"producer": "p"})", {}, "no sequence"},
      {R"({"sequence": 1})", {}, "no producer"},
      {"{}", {{"pintail-sequence", "1"}}, "no producer"},
      {R"({"producer": "", "sequence": 1})", {}, "producer"},
      {R"({"producer": 5, "sequence": 1})", {}, "producer"},
      {R"({"producer": "p", "sequence": -1})", {}, "sequence"},
      {R"({"producer": "p", "sequence": 1.5})", {}, "sequence"},
      {R"({"producer": "p", "sequence": "1"})", {}, "sequence"},
      {"{}", {{"pintail-producer", "p"}, {"pintail-sequence", "-1"}}, "sequence is '-1'"},
      {"{}", {{"pintail-producer", "p"}, {"pintail-sequence", "1x"}}, "sequence is '1x'"},
      {"{}", {{"pintail-producer", "p"}, {"pintail-sequence", ""}}, "sequence is ''"},
      {"{}", {{"pintail-producer", ""}, {"pintail-sequence", "1"}}, "producer is empty"},
      {"{}", {{"pintail-producer", "p"}, {"pintail-producer", "q"}}, "twice"},
      {R"({"producer": "p", "sequence": 1})", {{"pintail-producer", "q"}}, "'q'"},
      {R"({"producer": "p", "sequence": 1})", {{"pintail-sequence", "2"}}, "'2'"},
  };
  for (const auto& row : kTable) {
    const auto key = Key(row.json, row.headers);
    ASSERT_FALSE(key.ok()) << row.json << ": " << *key;
    EXPECT_EQ(base::KindOf(key.status()), base::ErrorKind::kInvalidArgument);
    EXPECT_NE(key.status().message().find(row.named), std::string::npos) << key.status();
  }
}

}  // namespace
}  // namespace pintail::flight
