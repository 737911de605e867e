// The policy of this server separates the window from its opener, so the address is sent through a channel of the origin.
const channel = new BroadcastChannel('countersign popup');
channel.onmessage = () => window.close();
channel.postMessage(location.href);
setTimeout(() => window.close(), 1000);
