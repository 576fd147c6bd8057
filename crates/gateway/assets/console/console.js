// What script adds to pages that do without it: times in the reader's zone, buttons that copy, and the way to what is wrong.
"use strict";

function showTimesHere() {
    const format = new Intl.DateTimeFormat("en-GB", {
        day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    for (const time of document.querySelectorAll('time[datetime*="T"]')) {
        const at = new Date(time.dateTime);
        if (Number.isNaN(at.getTime())) continue;
        time.title = time.dateTime;
        time.textContent = format.format(at);
    }
    const zone = document.querySelector("[data-zone]");
    if (zone) zone.textContent = `${format.resolvedOptions().timeZone}, your own zone; hovering over one shows it in UTC`;
}

// Where the page came without TLS a browser gives no clipboard: what is to be copied is then selected.
async function copy(code) {
    getSelection().selectAllChildren(code);
    try {
        await navigator.clipboard.writeText(code.textContent);
        return "Copied";
    } catch {
        return document.execCommand("copy") ? "Copied" : "Selected";
    }
}

function addCopyButtons() {
    for (const place of document.querySelectorAll("[data-copy]")) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "Copy";
        const said = document.createElement("span");
        said.setAttribute("role", "status");
        button.addEventListener("click", async () => {
            said.textContent = await copy(place.querySelector("code"));
            setTimeout(() => { said.textContent = ""; }, 2000);
        });
        const corner = document.createElement("p");
        corner.className = "copy";
        corner.append(said, button);
        place.append(corner);
    }
}

// A form that is sent twice is done once, but its second answer no longer has what is shown once.
function sendOnce() {
    document.addEventListener("submit", (event) => {
        if (event.target.method !== "post") return;
        if (event.target.dataset.sent) event.preventDefault();
        event.target.dataset.sent = "yes";
    });
    addEventListener("pageshow", () => {
        for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    });
}

// The list of what is wrong names each field as its label does.
function nameWhatIsWrong() {
    for (const link of document.querySelectorAll(".errors a[href^='#']")) {
        const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
        const label = field?.labels?.[0] ?? field?.querySelector("legend");
        const name = link.querySelector("span");
        if (label && name) name.textContent = label.firstChild.textContent.trim();
    }
}

showTimesHere();
nameWhatIsWrong();
sendOnce();
addCopyButtons();
document.querySelector(".errors")?.focus();
