module.exports = require("./plugin/with_live.js");
