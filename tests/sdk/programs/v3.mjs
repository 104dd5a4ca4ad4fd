// The AWS SDK for JavaScript, version 3.
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { told } from "./told.mjs";

const client = new STSClient({});
setInterval(() => client.send(new GetCallerIdentityCommand({})).then(() => told(), told), Number(process.env.PACE_MS));
