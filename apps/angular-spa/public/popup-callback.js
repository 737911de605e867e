// The policy of this server separates the window from its opener, so the address is sent through a channel of the origin.
new BroadcastChannel('countersign popup').postMessage(location.href);
window.close();
