// The AWS SDK for JavaScript, version 2.
import AWS from "aws-sdk";
import { told } from "./told.mjs";

const client = new AWS.STS({ endpoint: process.env.AWS_ENDPOINT_URL });
setInterval(() => client.getCallerIdentity({}, (error) => told(error)), Number(process.env.PACE_MS));
