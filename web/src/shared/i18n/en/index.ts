import common from "./common.json";
import errors from "./errors.json";
import medicine from "./medicine.json";
import patients from "./patients.json";
import report from "./report.json";
import statistics from "./statistics.json";
import upload from "./upload.json";
import viewer from "./viewer.json";
import worklist from "./worklist.json";

export default { common, errors, medicine, patients, report, statistics, upload, viewer, worklist };
