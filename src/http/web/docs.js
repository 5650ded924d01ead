// Draws /openapi.json. Everything is put on the page as text, never as markup.
"use strict";

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

// Text in which `code` stands between backticks.
function prose(text) {
  const fragment = document.createDocumentFragment();
  text.split("`").forEach((part, i) => fragment.append(i % 2 ? make("code", {}, part) : part));
  return fragment;
}

function resolve(api, node) {
  while (node && node.$ref) {
    node = node.$ref.slice(2).split("/").reduce((at, step) => at[step], api);
  }
  return node;
}

function typeName(api, schema) {
  const named = schema && schema.$ref ? schema.$ref.split("/").pop() : null;
  if (named) return named;
  schema = schema || {};
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.oneOf) return schema.oneOf.map((s) => typeName(api, s)).join(" or ");
  if (schema.type === "array") return "list of " + typeName(api, schema.items);
  if (schema.contentEncoding) return schema.contentEncoding + " text";
  if (schema.format === "binary") return "bytes";
  return Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type || "any";
}

function properties(api, schema) {
  schema = resolve(api, schema) || {};
  const parts = schema.allOf ? schema.allOf.map((part) => resolve(api, part)) : [schema];
  return parts.flatMap((part) => Object.entries(part.properties || {}).map(
      ([name, value]) => ({name, value, required: (part.required || []).includes(name)})));
}

function fieldRows(api, schema, prefix, depth) {
  const rows = [];
  for (const {name, value, required} of properties(api, schema)) {
    const shown = resolve(api, value);
    rows.push(make("tr", {},
        make("td", {}, make("code", {}, prefix + name), required ? "" : " (optional)"),
        make("td", {}, typeName(api, value)),
        make("td", {}, prose(shown.description || ""))));
    if (depth > 0 && properties(api, value).length > 0) {
      rows.push(...fieldRows(api, value, prefix + name + ".", depth - 1));
    }
  }
  return rows;
}

function fields(api, schema) {
  const rows = fieldRows(api, schema, "", 3);
  if (rows.length === 0) return null;
  return make("table", {},
      make("tr", {}, make("th", {}, "Field"), make("th", {}, "Type"), make("th", {}, "")), ...rows);
}

function example(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return make("pre", {}, make("code", {}, text));
}

function contents(api, content) {
  const fragment = document.createDocumentFragment();
  for (const [type, body] of Object.entries(content || {})) {
    fragment.append(make("p", {}, make("code", {}, type), " ", typeName(api, body.schema)));
    const table = fields(api, body.schema);
    if (table) fragment.append(table);
    if (body.example !== undefined) fragment.append(example(body.example));
  }
  return fragment;
}

function parameterTable(api, parameters) {
  const rows = parameters.map((parameter) => resolve(api, parameter)).map((p) => make("tr", {},
      make("td", {}, make("code", {}, p.name), p.required ? "" : " (optional)"),
      make("td", {}, p.in),
      make("td", {}, typeName(api, p.schema)),
      make("td", {}, prose(p.description || ""))));
  return make("table", {}, make("tr", {}, ...["Name", "In", "Type", ""].map((t) => make("th", {}, t))), ...rows);
}

function curl(method, path, operation) {
  const words = [];
  const content = operation.requestBody ? Object.entries(operation.requestBody.content) : [];
  const shown = content.find(([, body]) => body.example !== undefined) || content[0];
  if (method !== "get" && !shown) words.push("-X " + method.toUpperCase());
  if (shown) {
    const [type, body] = shown;
    words.push(`-H 'Content-Type: ${type}'`);
    const text = body.example === undefined ? "@FILE"
        : typeof body.example === "string" ? body.example : JSON.stringify(body.example);
    words.push(`--data-binary '${text.replaceAll("'", "'\\''")}'`);
  }
  words.push(`'${location.origin}${path}'`);
  return "curl " + words.join(" \\\n  ");
}

function section(api, path, method, operation) {
  const element = make("section", {id: operation.operationId},
      make("h2", {}, make("span", {class: "method " + method}, method.toUpperCase()), path),
      make("p", {class: "summary"}, operation.summary));
  if (operation.description) element.append(make("p", {}, prose(operation.description)));
  element.append(example(curl(method, path, operation)));
  if (operation.parameters) {
    element.append(make("h3", {}, "Parameters"), parameterTable(api, operation.parameters));
  }
  if (operation.requestBody) {
    element.append(make("h3", {}, "Request body"), contents(api, operation.requestBody.content));
  }
  element.append(make("h3", {}, "Answers"));
  for (const [status, answer] of Object.entries(operation.responses)) {
    const shown = resolve(api, answer);
    element.append(make("details", status === "200" ? {open: ""} : {},
        make("summary", {}, make("code", {}, status), " ", shown.description),
        contents(api, shown.content)));
  }
  return element;
}

function draw(api) {
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("about").replaceChildren(
      api.info.description + " Described by ", make("a", {href: "/openapi.json"}, "/openapi.json"), ".");
  const groups = new Map();
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const group = operation.tags[0];
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push({path, method, operation});
    }
  }
  const index = document.getElementById("index");
  const main = document.getElementById("operations");
  for (const [group, entries] of groups) {
    index.append(make("h2", {}, group));
    for (const {path, method, operation} of entries) {
      index.append(make("a", {href: "#" + operation.operationId},
          make("span", {class: "method " + method}, method.toUpperCase()), path));
      main.append(section(api, path, method, operation));
    }
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("/openapi.json").then((answer) => answer.json()).then(draw).catch((error) => {
  const about = document.getElementById("about");
  about.className = "failure";
  about.textContent = "The description of this interface could not be read: " + error;
});
