// The part of validation that looks inside one array: are all its bytes really there, and
// do its offsets, indexes and values mean what its type says?
//
// An array that passes can be read by anyone who trusts the type, the length and the
// buffers: no offset, index, view or child length leads outside the buffers. It also
// passes arrow::ValidateArrayFull, at a fraction of the cost for the common flat types.
// Values of null slots are free, except where a careless reader would follow them
// (offsets, views). One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/array/data.h"
#include "arrow/status.h"
#include "columnar/limits.h"

namespace pintail::columnar {

class ArrayCheck {
 public:
  explicit ArrayCheck(const Limits& limits) : limits_(limits) {}

  // Begins a new batch: the bytes counted so far are forgotten.
  void BeginBatch();

  // InvalidArgument when the array lies; ResourceExhausted when the batch grows past its
  // limit of bytes. Bytes are counted as the values would take when written out plainly:
  // a buffer that two columns share counts twice, a repeated dictionary value or run each
  // time. Also makes the null count of every array known.
  arrow::Status Check(const arrow::ArrayData& data, const arrow::Field& field);

  // What the arrays checked since BeginBatch amount to.
  int64_t bytes() const { return bytes_; }

 private:
  // A dictionary that was checked, kept so that later batches need not check it again.
  struct KnownDictionary {
    std::shared_ptr<arrow::ArrayData> data;
    int64_t bytes = 0;    // of all its values
    int64_t largest = 0;  // upper bound of the bytes of one value
    bool used_in_this_batch = false;
  };

  arrow::Status CheckField(const arrow::ArrayData& data, const arrow::Field& field,
                           int depth);
  arrow::Status CheckArray(const arrow::ArrayData& data, const arrow::DataType& type,
                           int depth);
  arrow::Status CheckContents(const arrow::ArrayData& data, const arrow::DataType& type,
                              int depth);
  arrow::Status CheckChild(const arrow::ArrayData& data, const arrow::DataType& type,
                           int child, int depth);
  arrow::Status CheckList(const arrow::ArrayData& data, const arrow::DataType& type,
                          int depth);
  arrow::Status CheckListView(const arrow::ArrayData& data, const arrow::DataType& type,
                              int depth);
  arrow::Status CheckFixedSizeList(const arrow::ArrayData& data,
                                   const arrow::DataType& type, int depth);
  arrow::Status CheckStruct(const arrow::ArrayData& data, const arrow::DataType& type,
                            int depth);
  arrow::Status CheckUnion(const arrow::ArrayData& data, const arrow::DataType& type,
                           int depth);
  arrow::Status CheckRunEndEncoded(const arrow::ArrayData& data,
                                   const arrow::DataType& type, int depth);
  arrow::Status CheckDictionary(const arrow::ArrayData& data, const arrow::DataType& type,
                                int depth);
  // The largest value of the dictionary, which is checked unless it is known.
  arrow::Result<int64_t> CheckDictionaryValues(
      const std::shared_ptr<arrow::ArrayData>& data, const arrow::DataType& type,
      int depth);
  arrow::Status ChargeRepeated(int64_t largest, int64_t times);
  arrow::Status Charge(int64_t bytes);

  const Limits limits_;
  int64_t bytes_ = 0;
  std::vector<KnownDictionary> dictionaries_;
};

}  // namespace pintail::columnar
