// npm jsforce reads and writes through the sandbox. Every line but the last is a check that held; the last is JSON with
// what was read and written, which `make strangers` compares with the sandbox's plain HTTP. Exit status 1 at the first
// check that does not hold.

import assert from "node:assert/strict";
import jsforce from "jsforce";

const loginUrl = process.env.SALESFORCE_INSTANCE_URL;
const oauth2 = {
  clientId: process.env.SALESFORCE_CLIENT_ID,
  clientSecret: process.env.SALESFORCE_CLIENT_SECRET,
  loginUrl,
};
const held = (words) => console.log(`ok  ${words}`);
const run = Date.now().toString(36);

const conn = new jsforce.Connection({ oauth2, instanceUrl: loginUrl, version: "66.0" });
await conn.authorize({ grant_type: "client_credentials" });
assert.equal(conn.instanceUrl, loginUrl);
held("client credentials log in");

const identity = await conn.request("/services/oauth2/userinfo");
assert.match(identity.organization_id, /^00D/);
held("userinfo names the org");

const account = await conn.sobject("Account").describe();
assert.ok(account.fields.some((field) => field.name === "Crmpulse_Key__c" && field.externalId));
const world = await conn.describeGlobal();
assert.ok(world.sobjects.some((each) => each.name === "Opportunity"));
held("describe and describeGlobal");

const accounts = await conn.query("SELECT Id, Name FROM Account", { autoFetch: true, maxFetch: 100000 });
const readBefore = Object.fromEntries(accounts.records.map((each) => [each.Id, each.Name]));
held(`read ${accounts.records.length} accounts`);

const parent = await conn.sobject("Account").create({ Name: `Stranger's ${run}` });
assert.ok(parent.success);
const read = await conn.sobject("Account").retrieve(parent.id);
assert.equal(read.Name, `Stranger's ${run}`);
held("create and retrieve, over a chunked body");

const updated = await conn.sobject("Account").update({ Id: parent.id, Name: `Ünïcode ${run}`, ARR__c: 12.5 });
assert.ok(updated.success);
assert.equal((await conn.sobject("Account").retrieve(parent.id)).ARR__c, 12.5);
held("update one record");

const first = await conn.sobject("Task").upsert({ Crmpulse_Key__c: `k-${run}`, Subject: "a", WhatId: parent.id }, "Crmpulse_Key__c");
const second = await conn.sobject("Task").upsert({ Crmpulse_Key__c: `k-${run}`, Subject: "b" }, "Crmpulse_Key__c");
assert.equal(second.id, first.id);
assert.equal(await conn.sobject("Task").count({ Crmpulse_Key__c: `k-${run}` }), 1);
held("the same upsert twice makes one record");

const contacts = Array.from({ length: 450 }, (_, n) => ({ LastName: `${run}-${n}`, AccountId: parent.id }));
const created = await conn.sobject("Contact").create(contacts, { allowRecursive: true });
assert.equal(created.filter((each) => each.success).length, 450);
held("create 450 records in collections");

const changed = await conn.sobject("Contact").update(
  created.slice(0, 200).map((each) => ({ Id: each.id, Title: "CTO" })),
);
assert.ok(changed.every((each) => each.success));
held("update a collection");

const keys = ["x", "y", "z"].map((each) => ({ Crmpulse_Key__c: `${each}-${run}`, Name: `Upserted ${each}` }));
assert.ok((await conn.sobject("Account").upsert(keys, "Crmpulse_Key__c")).every((each) => each.success && each.created));
const again = await conn.sobject("Account").upsert([...keys, { Crmpulse_Key__c: `w-${run}`, Nope__c: 1 }], "Crmpulse_Key__c");
assert.deepEqual(again.map((each) => each.success), [true, true, true, false]);
assert.equal(again[3].errors[0].statusCode, "INVALID_FIELD");
held("upsert a collection, with an error for one record");

const soql = `SELECT Id, LastName, Account.Name FROM Contact WHERE AccountId = '${parent.id}' ORDER BY LastName`;
let page = await conn.query(soql, { headers: { "Sforce-Query-Options": "batchSize=200" } });
const seen = [...page.records];
let pages = 1;
while (!page.done) {
  page = await conn.queryMore(page.nextRecordsUrl);
  seen.push(...page.records);
  pages += 1;
}
assert.equal(new Set(seen.map((each) => each.Id)).size, 450);
assert.equal(seen[0].Account.Name, `Ünïcode ${run}`);
assert.ok(pages > 2);
held(`query and queryMore: 450 records in ${pages} pages`);

const fetched = await conn.query(soql, { autoFetch: true, maxFetch: 1000, headers: { "Sforce-Query-Options": "batchSize=200" } });
assert.equal(fetched.records.length, 450);
held("autoFetch brings all of them");

const found = await conn
  .sobject("Contact")
  .find({ AccountId: parent.id, Title: "CTO", CreatedDate: { $gte: jsforce.Date.toDateTimeLiteral("2020-01-01T00:00:00Z") } }, ["Id", "Title"])
  .sort({ LastName: 1 })
  .limit(5);
assert.equal(found.length, 5);
held("find builds a query that is understood");

await assert.rejects(conn.query("SELECT Nope FROM Account"), { errorCode: "INVALID_FIELD" });
await assert.rejects(conn.sobject("Account").create({}), { errorCode: "REQUIRED_FIELD_MISSING" });
held("errors carry the vendor's codes");

assert.ok((await conn.sobject("Account").destroy(parent.id)).success);
const deleted = await conn.query(`SELECT Id FROM Contact WHERE AccountId = '${parent.id}' AND IsDeleted = true`, { scanAll: true, autoFetch: true, maxFetch: 1000 });
assert.equal(deleted.records.length, 450);
const now = Date.parse((await conn.query("SELECT MAX(SystemModstamp) at FROM Account")).records[0].at.replace("+0000", "Z"));
const log = await conn.sobject("Account").deleted(new Date(now - 3_600_000), new Date(now + 3_600_000));
assert.ok(log.deletedRecords.some((each) => each.id === parent.id));
held("a deletion takes the contacts along and is logged");

assert.ok(conn.limitInfo.apiUsage.limit > 0);
held(`the allowance is known: ${conn.limitInfo.apiUsage.used} of ${conn.limitInfo.apiUsage.limit}`);

const kept = await conn.sobject("Account").create({ Name: "Kept – 保持 'quoted' & \\", ARR__c: 12345.67 });
await conn.sobject("Account").update({ Id: kept.id, Website: "https://kept.example" });
const wrote = { Account: { [kept.id]: { Name: "Kept – 保持 'quoted' & \\", ARR__c: 12345.67, Website: "https://kept.example" } } };
console.log(JSON.stringify({ read: { Account: readBefore }, wrote }));
