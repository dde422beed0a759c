// npm @hubspot/api-client reads and writes through the sandbox, by the v3 and v4 paths; the last line is JSON with what
// was read and written.

import assert from "node:assert/strict";
import hubspot from "@hubspot/api-client";

const client = new hubspot.Client({
  accessToken: process.env.HUBSPOT_ACCESS_TOKEN,
  basePath: process.env.HUBSPOT_BASE_URL,
  numberOfApiCallRetries: 3,
});
const held = (words) => console.log(`ok  ${words}`);
const run = Date.now().toString(36);
const names = (records, property) => Object.fromEntries(records.map((each) => [each.id, each.properties[property]]));

const companies = await client.crm.companies.getAll(100, undefined, ["name"]);
held(`read ${companies.length} companies by list`);
const contacts = await client.crm.contacts.getAll(100, undefined, ["email"]);
held(`read ${contacts.length} contacts by list`);

const name = `Stranger's ${run} – 保持 'quoted' & \\`;
const made = await client.crm.companies.basicApi.create({ properties: { name, domain: `${run}.example` } });
await client.crm.companies.basicApi.update(made.id, { properties: { arr: "12345.67" } });
const seen = await client.crm.companies.basicApi.getById(made.id, ["name", "arr", "domain"]);
assert.equal(seen.properties.name, name);
held("create, update and read one company");

const inputs = Array.from({ length: 100 }, (_, n) => ({ properties: { email: `s${n}-${run}@example.com`, lastname: `${run}-${n}` } }));
const many = await client.crm.contacts.batchApi.create({ inputs });
assert.equal(many.results.length, 100);
const batch = many.results.map((each) => ({ id: each.id, properties: { jobtitle: "CTO" } }));
assert.equal((await client.crm.contacts.batchApi.update({ inputs: batch })).results.length, 100);
held("create and update 100 contacts in batches");

const contact = many.results[0].id;
await client.crm.associations.v4.basicApi.createDefault("contacts", contact, "companies", made.id);
const linked = await client.crm.associations.v4.basicApi.getPage("contacts", contact, "companies");
assert.deepEqual(linked.results.map((each) => String(each.toObjectId)), [made.id]);
held("associate and list associations");

const owners = await client.crm.owners.ownersApi.getPage();
assert.ok(Array.isArray(owners.results));
const described = await client.crm.properties.coreApi.getAll("companies");
assert.ok(described.results.some((each) => each.name === "name"));
held("owners and properties");

await assert.rejects(client.crm.companies.basicApi.create({ properties: { no_such_property: "x" } }), { code: 400 });
await assert.rejects(client.crm.companies.basicApi.getById("999999999999"), { code: 404 });
held("errors carry the vendor's status");

const wrote = { companies: { [made.id]: { name, arr: "12345.67", domain: `${run}.example` } }, contacts: { [contact]: { jobtitle: "CTO" } } };
console.log(JSON.stringify({ read: { companies: names(companies, "name"), contacts: names(contacts, "email") }, wrote }));
