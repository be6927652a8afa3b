import common from "./common.json";
import errors from "./errors.json";
import medicine from "./medicine.json";
import network from "./network.json";
import patients from "./patients.json";
import report from "./report.json";
import statistics from "./statistics.json";
import upload from "./upload.json";
import viewer from "./viewer.json";
import worklist from "./worklist.json";

export default { common, errors, medicine, network, patients, report, statistics, upload, viewer, worklist };
