-- Opens a song, and prints what is set on the plug-ins of its tracks.
-- arg: the session's folder, how many plug-ins.
-- Prints "NUMBER PARAMETER VALUE" for each, and "points NUMBER PARAMETER COUNT" if automated.

AudioEngine:set_backend ("None (Dummy)", "", "")
Session = load_session (arg[1], "song")
assert (Session)
for number = 1, tonumber (arg[2]) do
	local processor = Session:route_by_name ("MIDI " .. number):nth_plugin (0)
	local plugin, controls = processor:to_insert ():plugin (0), 0
	for port = 0, plugin:parameter_count () - 1 do
		if plugin:parameter_is_control (port) then
			local name = plugin:parameter_label (port)
			local value = ARDOUR.LuaAPI.get_processor_param (processor, controls, true)
			print (string.format ("%d %s %.4f", number, name, value))
			local _, list, _ = ARDOUR.LuaAPI.plugin_automation (processor, controls)
			if not list:isnil () and list:size () > 0 then
				print (string.format ("points %d %s %d", number, name, list:size ()))
			end
			controls = controls + 1
		end
	end
end
Session = nil
collectgarbage ()
close_session ()
quit ()
