import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";

// Everything comes from the gateway: without `validatorUrl: null` the page would send its address to another service.
SwaggerUI({ dom_id: "#docs", url: "/openapi.json", deepLinking: true, validatorUrl: null });
