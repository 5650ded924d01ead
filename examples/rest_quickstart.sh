#!/bin/sh
# Pintail with curl alone. PINTAIL_HTTP says where the server is.
set -eu
http=${PINTAIL_HTTP:-http://127.0.0.1:8000}

# A CSV file becomes a table.
printf 'city,degrees\nOslo,4\nRome,19\n' |
  curl -sSf -o /dev/null -H 'Content-Type: text/csv' --data-binary @- "$http/v1/ingest/curl_weather?mode=replace"

# One JSON object a line is appended to it.
printf '{"city": "Bonn", "degrees": 11}\n' |
  curl -sSf -o /dev/null -H 'Content-Type: application/x-ndjson' --data-binary @- "$http/v1/ingest/curl_weather?mode=append"

# SQL in, CSV out.
curl -sSf -H 'Content-Type: text/plain' -H 'Accept: text/csv' \
  --data 'SELECT city, degrees FROM curl_weather ORDER BY degrees' "$http/v1/query"
