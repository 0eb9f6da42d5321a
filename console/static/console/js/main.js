// @ts-check
/** The console in the browser. Without it every page still reads and every form still posts. */
import "./console-socket.js";
import "./ticket-list.js";
import "./ticket-thread.js";
import "./reply-composer.js";
import "./waiting-clock.js";
import "./ring-offer.js";
import { forgetDraftsOnSignOut } from "./lib/drafts.js";
import { startEntryChanges } from "./lib/entry-changes.js";
import { startKeys } from "./lib/keys.js";
import { startMenus } from "./lib/menus.js";
import { startClock } from "./lib/utc-clock.js";
import { startVisits } from "./lib/visits.js";

startVisits();
startKeys();
startMenus();
startEntryChanges();
startClock();
forgetDraftsOnSignOut();
